/** A service on a temporary registry with a small real model, and what a client needs to talk to it. */
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { LogEntry } from '@maas/core/http'
import { loadKernels } from '@maas/core/kernels'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { type Service, type ServiceOptions, startService } from '@maas/local'
import { asVersion, imagePreprocess, labels, tinyClassifier } from '../../support/models.ts'

/** A registry with `tiny` versions 1 and 2, which differ in their weights, and `production` at 1. */
export const makeRegistry = async (files: Readonly<Record<string, Uint8Array>> = {}) => {
  const folder = await mkdtemp(join(tmpdir(), 'maas-serve-'))
  const root = join(folder, 'store')
  const registry = createRegistry(createFileStore(root))
  const kernels = await loadKernels({ announce: () => {} })
  const artifacts = [1, 2].map((seed) => tinyClassifier(kernels, seed))
  for (const artifact of artifacts) {
    await registry.register('tiny', asVersion(artifact, { preprocess: imagePreprocess, labels, files }))
  }
  await registry.setAlias('tiny', 'production', [{ version: 1, weight: 100 }], { by: 'test', why: 'start' })
  return { folder, root, registry, kernels, artifacts, remove: () => rm(folder, { recursive: true, force: true }) }
}

export type Reply = { readonly status: number; readonly headers: Headers; readonly body: unknown }

export const runService = async (options: ServiceOptions): Promise<Service & { entries: LogEntry[] }> => {
  const entries: LogEntry[] = []
  const service = await startService({ port: 0, log: (entry) => entries.push(entry), ...options })
  return { ...service, entries }
}

export const ask = async (url: string, init: RequestInit = {}): Promise<Reply> => {
  const response = await fetch(url, init)
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return { status: response.status, headers: response.headers, body: isJson ? JSON.parse(text) : text }
}

export const post = (url: string, body: unknown): Promise<Reply> => {
  const headers = { 'content-type': 'application/json' }
  return ask(url, { method: 'POST', headers, body: typeof body === 'string' ? body : JSON.stringify(body) })
}

export const postImage = (url: string, image: Uint8Array<ArrayBuffer>, type: string): Promise<Reply> =>
  ask(url, { method: 'POST', headers: { 'content-type': type }, body: image })

/** Process ids of the children that a process has now. */
export const childrenOf = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)

/** Processor time that a process has taken, all threads together; 0 when there is none such. */
export const cpuSeconds = (pid: number | undefined): number => {
  try {
    const [, fields = ''] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? []
    return [11, 12].reduce((sum, at) => sum + Number(fields.split(' ')[at]) / 100, 0)
  } catch {
    return 0
  }
}

export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export const until = async (condition: () => boolean | Promise<boolean>, ms: number): Promise<boolean> => {
  const end = Date.now() + ms
  while (Date.now() < end) {
    if (await condition()) return true
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return false
}

/** Deterministic rows of 8x8x3 values in 0..1, different for each row. */
export const rowsOf = (count: number): number[][][][] =>
  Array.from({ length: count }, (_, row) =>
    Array.from({ length: 8 }, (_, y) =>
      Array.from({ length: 8 }, (_, x) =>
        [0, 1, 2].map((c) => (((row * 192 + y * 24 + x * 3 + c) * 7919) % 251) / 250),
      ),
    ),
  )
