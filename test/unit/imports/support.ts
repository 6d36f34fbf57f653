/** Imports over a store in memory, with parts that arrive by the local service's own addresses. */
import { createHash } from 'node:crypto'
import { type ImportRequest, partBytes, type Replay, type Verdict } from '@maas/core/contract'
import { createImports, createUploads, importKeys } from '@maas/core/imports'
import { createRegistry } from '@maas/core/registry'
import { type ObjectStore, toJson } from '@maas/core/store'
import { createFileUploads } from '../../../functions/local/uploads.ts'
import { createMemoryStore } from '../registry/memory-store.ts'

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

export const requestFor = (bytes: Uint8Array, extra: Partial<ImportRequest> = {}): ImportRequest => ({
  model: 'digits',
  files: [{ path: 'model.h5', size: bytes.length, sha256: sha256(bytes) }],
  ...extra,
})

export const createBench = (store: ObjectStore = createMemoryStore()) => {
  let time = 1_000_000
  let id = 0
  const clock = () => time
  const files = createFileUploads({ store, secret: Buffer.alloc(32, 1), clock, partBytes })
  const now = () => new Date(time)
  const uploads = createUploads({ store, port: files, now })
  const imports = createImports({ store, uploads, now, ids: () => `id-${id++}` })
  const send = async (upload: string, number: number, body: Uint8Array, headers: Record<string, string> = {}) => {
    const [part] = await uploads.sign(upload, [{ number, sha256: sha256(body) }])
    const init = { method: 'PUT', headers: { ...part?.headers, ...headers }, body: body as BodyInit, duplex: 'half' }
    return files.receive(new Request(`http://127.0.0.1${part?.url}`, init as RequestInit))
  }
  /** An import whose file has arrived and which is ready to be checked. */
  const ready = async (bytes: Uint8Array, extra: Partial<ImportRequest> = {}): Promise<string> => {
    const { id: made, uploads: [upload] = [] } = await imports.create(requestFor(bytes, extra))
    if (upload?.status === 'pending') await send(upload.id, 1, bytes)
    await imports.complete(made)
    return made
  }
  const later = (ms: number): void => {
    time += ms
  }
  return { store, registry: createRegistry(store), files, uploads, imports, send, ready, now, later }
}

export const replay: Replay = {
  schema: 1,
  at: '2026-11-24T00:00:00.000Z',
  kernels: 'k1',
  mode: 'compiled',
  source: 'generated',
  rows: 4,
  tolerance: 1e-5,
  difference: 1e-7,
  passed: true,
  outputs: [],
}

/** What check leaves of a model that passed. */
export const vet = async (store: ObjectStore, id: string, extra: Partial<Verdict> = {}): Promise<void> => {
  const verdict: Verdict = {
    schema: 1,
    at: '2026-11-24T00:00:00.000Z',
    kernels: 'k1',
    certificate: replay,
    metrics: { parameters: 7 },
    files: ['model.json', 'weights.bin'],
    ...extra,
  }
  for (const file of verdict.files) await store.put(importKeys(id).candidate + file, Buffer.from(file))
  await store.put(importKeys(id).verdict, toJson(verdict), { ifAbsent: true })
}
