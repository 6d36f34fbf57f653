/**
 * The command `npx tsx bench/import.ts`: how long a large `.h5` takes to import and how much memory, and how long a service takes for
 * one of 50 MB, from the first byte sent to the registered version. Exit code 1 when a goal is missed.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ModelArtifact, readModel, writeKerasH5 } from '@maas/core/formats'
import { startService } from '@maas/local'
import { Maas } from 'maas'

const goals = { seconds: 3, times: 2.5, serviceSeconds: 2 }
const sampleMs = 10

/** Dense layers of `units` x `units` numbers that no compression could shorten. */
const denseModel = (units: number, layers: number): ModelArtifact => {
  const dense = (at: number) => ({
    class_name: 'Dense',
    config: {
      name: `dense_${at}`,
      units,
      activation: 'relu',
      use_bias: false,
      ...(at === 0 && { batch_input_shape: [null, units] }),
    },
  })
  const noise = (): Uint8Array => {
    const values = new Float32Array(units * units)
    for (let at = 0; at < values.length; at++) values[at] = Math.fround(Math.sin(at) / units)
    return new Uint8Array(values.buffer)
  }
  const all = Array.from({ length: layers }, (_, at) => at)
  return {
    topology: { class_name: 'Sequential', config: { name: 'large', layers: all.map(dense) } },
    weights: all.map((at) => ({ name: `dense_${at}/kernel`, shape: [units, units], dtype: 'float32', data: noise() })),
  }
}

/** Resident bytes of a process and all below it. */
const residentOf = async (pid: number): Promise<number> => {
  const [status, children] = await Promise.all(
    [`/proc/${pid}/status`, `/proc/${pid}/task/${pid}/children`].map((path) => readFile(path, 'utf8').catch(() => '')),
  )
  const own = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1] ?? 0) * 1024
  const below = await Promise.all(
    (children ?? '')
      .split(' ')
      .filter(Boolean)
      .map((child) => residentOf(Number(child))),
  )
  return below.reduce((sum, bytes) => sum + bytes, own)
}

/** In a process of its own, so that its memory is the import's alone: what it takes with and without the import. */
const measureImport = async (path: string) => {
  const child = spawn(process.execPath, ['--import', 'tsx', import.meta.filename, '--read', path], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  let [peak, before] = [0, 0]
  const sampler = setInterval(async () => {
    peak = Math.max(peak, await residentOf(child.pid ?? 0))
  }, sampleMs)
  let printed = ''
  for await (const chunk of child.stdout) {
    printed += chunk
    if (!printed.startsWith('ready') || before > 0) continue
    before = await residentOf(child.pid ?? 0)
    peak = before
    child.stdin.end('go')
  }
  clearInterval(sampler)
  return { seconds: Number(/seconds (\S+)/.exec(printed)?.[1]), bytes: peak - before }
}

/** The child of `measureImport`. */
const read = async (path: string): Promise<void> => {
  console.log('ready')
  for await (const _ of process.stdin);
  const started = performance.now()
  const { artifact } = await readModel(path)
  console.log(`seconds ${(performance.now() - started) / 1000}`)
  if ('graph' in artifact) throw new Error('these are no layers')
}

const measureService = async (folder: string, file: string): Promise<number> => {
  const service = await startService({ root: join(folder, 'store'), port: 0, log: () => {} })
  try {
    const { imports } = new Maas({ url: service.url })
    const push = () => imports.push({ model: 'large', directory: folder, files: [file] })
    const started = performance.now()
    const { status, error } = await push()
    if (status !== 'registered') throw new Error(error?.message ?? status)
    return (performance.now() - started) / 1000
  } finally {
    await service.close()
  }
}

const main = async (): Promise<boolean> => {
  const folder = await mkdtemp(join(tmpdir(), 'maas-import-'))
  try {
    const [large, small] = [join(folder, 'large.h5'), 'small.h5']
    await writeFile(large, await writeKerasH5(denseModel(5120, 4)))
    await writeFile(join(folder, small), await writeKerasH5(denseModel(2048, 3)))
    const { size } = await stat(large)
    const { seconds, bytes } = await measureImport(large)
    const times = bytes / size
    const say = (what: string, got: number, goal: number, unit: string): boolean => {
      console.log(`${what}: ${got.toFixed(2)} ${unit} (goal: at most ${goal}) ${got <= goal ? 'met' : 'MISSED'}`)
      return got <= goal
    }
    const megabytes = Math.round(size / 1e6)
    const met = [
      say(`a .h5 of ${megabytes} MB is imported in`, seconds, goals.seconds, 's'),
      say(`its import takes, of its size in memory,`, times, goals.times, 'times'),
    ]
    const served = await measureService(folder, small)
    const smallMegabytes = Math.round((await stat(join(folder, small))).size / 1e6)
    met.push(say(`one of ${smallMegabytes} MB through the service in`, served, goals.serviceSeconds, 's'))
    return met.every(Boolean)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const [flag, path] = process.argv.slice(2)
if (flag === '--read' && path !== undefined) await read(path)
else process.exitCode = (await main()) ? 0 : 1
