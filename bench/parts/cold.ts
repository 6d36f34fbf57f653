/** Cold start of the predict function with its model in an object store, and what a layer's unpacking adds to it. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unpack } from '../../layers/tfjs-node/unpack.cjs'
import { mustAgree } from '../agree.ts'
import { python } from '../contenders.ts'
import { type Contender, interleave, measured, type Outcome } from '../interleave.ts'
import { type Cloud, type ColdStart, openCloud, type Split } from '../lambda.ts'
import { type Peer, startPeer } from '../peer.ts'
import { median } from '../stats.ts'
import { type Bench, type Part, type Row, Unavailable } from '../types.ts'

const title = 'predict function, process start to first answer, model in S3'
const stages = {
  runtime: 'of which the runtime: Node, its client of Lambda, our code',
  kernels: 'of which the kernels: the native library',
  download: 'of which the download from S3',
  load: 'of which loading the model: manifest to session',
  first_run: 'of which the first run',
} as const satisfies Record<keyof Split, string>

/** Every measurement is a process of its own. */
const launched = (name: string, hello: Peer['hello'], once: () => Promise<ColdStart>): Contender => ({
  name,
  start: async () => ({ hello, pid: 0, ask: once as Peer['ask'], stop: async () => undefined }),
})

const ours = async (bench: Bench, cloud: Cloud): Promise<Contender> => {
  const file = await readFile(join(await bench.fixtures(), 'predict.f32'))
  const values = new Float32Array(file.buffer.slice(file.byteOffset, file.byteOffset + 3072 * 4))
  const image = Array.from({ length: 32 }, (_, y) =>
    Array.from({ length: 32 }, (_, x) => [...values.subarray((y * 32 + x) * 3, (y * 32 + x + 1) * 3)]),
  )
  return launched('maas', { ready: { Node: process.versions.node } }, () => cloud.coldStart([image]))
}

const theirs = (bench: Bench, { modelUrl }: Cloud): Contender => ({
  name: 'Python TensorFlow',
  start: async () => {
    const command = await python(bench, 'cold', [await bench.fixtures(), modelUrl])
    const once = async (): Promise<ColdStart> => {
      const started = performance.now()
      const peer = await startPeer(command)
      const milliseconds = performance.now() - started
      await peer.stop()
      return { milliseconds, outputs: peer.hello.outputs ?? [] }
    }
    const { ready } = (await startPeer(command)).hello
    return { hello: { ready }, pid: 0, ask: once as Peer['ask'], stop: async () => undefined }
  },
})

const splitRows = ([mine]: readonly Outcome<ColdStart>[]): Row[] =>
  mine === undefined || 'skipped' in mine
    ? []
    : Object.entries(stages).map(([stage, what]) => ({
        what,
        unit: 'ms' as const,
        results: measured([mine], ({ split }) => split?.[stage as keyof Split] ?? Number.NaN),
      }))

/** What a function on the layer does before anything else: 634 MB out of 114, into a folder that is empty. */
const unpackRow = async (bench: Bench): Promise<Row> => {
  const what = 'kernels unpacked from the layer (once a machine, before the kernels load)'
  const packed = fileURLToPath(
    new URL(`../../layers/tfjs-node/dist/${process.arch}/layer/maas/packed`, import.meta.url),
  )
  if (!existsSync(packed)) {
    const skipped = `no bundle: npm run build:kernels -- --arch ${process.arch} --bundle`
    return { what, unit: 'ms', results: [{ name: 'maas', skipped }] }
  }
  const rounds: number[] = []
  for (let round = 0; round <= bench.rounds; round++) {
    bench.progress(`unpacking the layer: ${round === 0 ? 'warm-up' : `round ${round} of ${bench.rounds}`}`)
    const into = await mkdtemp(join(tmpdir(), 'maas-bench-unpack-'))
    const started = performance.now()
    await unpack({ packed, into })
    if (round > 0) rounds.push(performance.now() - started)
    await rm(into, { recursive: true, force: true })
  }
  return { what, unit: 'ms', results: [{ name: 'maas', versions: {}, value: median(rounds), rounds }] }
}

export const cold: Part = {
  name: 'cold',
  title: 'Cold start on AWS, as far as one machine shows it',
  method:
    "From starting the process to its first answer, model in an object store (moto). Ours is the predict function as it is deployed, bundled, under Lambda's runtime protocol, answering an API Gateway event; the split is its own `Server-Timing`. Python takes the same model as `.keras` from the same store by HTTP, loads it and calls it once. Files in the page cache.",
  async run(bench) {
    const cloud = await openCloud(bench).catch((error: unknown) => {
      if (error instanceof Unavailable) return error
      throw error
    })
    if (cloud instanceof Unavailable)
      return [{ what: title, unit: 'ms', results: [{ name: 'maas', skipped: cloud.message }] }]
    try {
      const [outcomes = []] = await interleave<ColdStart>(bench, {
        contenders: [await ours(bench, cloud), theirs(bench, cloud)],
        tasks: [
          {
            title,
            measure: (peer) => peer.ask('first'),
            answer: async (peer) => (await peer.ask<ColdStart>('first')).outputs,
          },
        ],
        compare: mustAgree,
      })
      const results = measured(outcomes, ({ milliseconds }) => milliseconds)
      return [{ what: title, unit: 'ms', results }, ...splitRows(outcomes), await unpackRow(bench)]
    } finally {
      await cloud.close()
    }
  },
}
