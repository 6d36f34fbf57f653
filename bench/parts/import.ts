/** Bringing in a large model: how long a Keras file takes, how much memory, and how long a service takes until it is registered. */
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Maas } from '../../sdk/src/index.ts'
import { mustAgree } from '../agree.ts'
import { type CommandOf, ours, python } from '../contenders.ts'
import { type Contender, interleave, measured, type Outcome } from '../interleave.ts'
import { anonymousMegabytes } from '../memory-of.ts'
import { serviceOn } from '../ours.ts'
import { type Peer, startPeer } from '../peer.ts'
import type { Bench, Part } from '../types.ts'

/** 419 MB and 50 MB of weights. */
const large = { units: 5120, layers: 4 }
const small = { units: 2048, layers: 3 }
/** Of its size, in memory. */
const mostTimes = 2.5
const sampleMs = 10
/** A round takes some fifteen seconds. */
const mostRounds = 2

interface Round {
  readonly seconds: number
  /** Above what the process took before. */
  readonly megabytes: number
  readonly outputs: readonly number[]
}

/** A contender whose every measurement is a process of its own, watched from outside with all it starts. */
const loader = (bench: Bench, name: string, command: CommandOf, script: string, operation: string): Contender => ({
  name,
  start: async () => {
    const launch = await command(bench, script, [])
    const once = async (_: string, request?: Readonly<Record<string, unknown>>): Promise<Round> => {
      const peer = await startPeer(launch)
      try {
        const before = anonymousMegabytes(peer.pid).total
        let peak = before
        const sampler = setInterval(() => {
          peak = Math.max(peak, anonymousMegabytes(peer.pid).total)
        }, sampleMs)
        const answer = await peer.ask<Round>(operation, request).finally(() => clearInterval(sampler))
        return { ...answer, megabytes: peak - before }
      } finally {
        await peer.stop()
      }
    }
    const probe = await startPeer(launch)
    await probe.stop()
    return { hello: probe.hello, pid: 0, ask: once as Peer['ask'], stop: async () => undefined }
  },
})

const make = async (bench: Bench, path: string, sizes: typeof large, seed: number): Promise<void> => {
  const peer = await startPeer(await ours(bench, 'import', []))
  await peer.ask('make', { path, ...sizes, seed })
  await peer.stop()
}

/** Seconds from the first byte that is read to the registered version; another model each time, for known files are not stored again. */
const pushes = (bench: Bench, folder: string): Contender => ({
  name: 'maas',
  start: async () => {
    const peer = await serviceOn(join(folder, 'registry'))
    const { imports } = new Maas({ url: peer.hello.url ?? '' })
    let seed = 0
    const push = async () => {
      seed += 1
      const file = `model-${seed}.h5`
      await make(bench, join(folder, file), small, seed)
      const start = performance.now()
      const { status, error } = await imports.push({ model: 'large', directory: folder, files: [file] })
      if (status !== 'registered') throw new Error(error?.message ?? status)
      return { seconds: (performance.now() - start) / 1000 }
    }
    return { ...peer, ask: push as unknown as Peer['ask'] }
  },
})

const answersOf = (outcomes: readonly Outcome<Round>[] = []): ReadonlyMap<string, readonly number[]> =>
  new Map(
    outcomes.flatMap((outcome) =>
      'skipped' in outcome ? [] : [[outcome.name, outcome.rounds[0]?.outputs ?? []] as const],
    ),
  )

export const imports: Part = {
  name: 'import',
  title: 'Bringing in a large Keras file',
  method:
    'A .h5 of four dense layers of 5,120, its process already up: read and converted as an import does it; the same, and the weights copied into TensorFlow, which is what Keras’ load_model does (the answers are compared, 1e-5). Memory is anonymous (RssAnon) of all processes, above what they took before. Through the service: hashed, sent, checked in a process of its own with certificate and compiled graph, registered; each time another model, after a first one, whose check leaves the next process ready.',
  async run(bench) {
    const folder = await mkdtemp(join(tmpdir(), 'maas-bench-import-'))
    try {
      const path = join(folder, 'large.h5')
      bench.progress('making a large model')
      await make(bench, path, large, 1)
      const megabytes = (await stat(path)).size / 1e6
      const short = { ...bench, rounds: Math.min(bench.rounds, mostRounds) }
      const measure = (peer: Peer) => peer.ask<Round>('load', { path })
      const contenders = [
        loader(bench, 'maas', ours, 'import', 'load'),
        loader(bench, 'Python Keras load_model', python, 'load', 'load'),
      ]
      const title = 'a large .h5 to a model'
      const [loads] = await interleave<Round>(short, { contenders, tasks: [{ title, measure }] })
      mustAgree(title, answersOf(loads))
      const [reads] = await interleave<Round>(short, {
        contenders: [loader(bench, 'maas', ours, 'import', 'read')],
        tasks: [{ title: 'a large .h5 read', measure }],
      })
      const [pushed] = await interleave<{ readonly seconds: number }>(short, {
        contenders: [pushes(bench, folder)],
        tasks: [{ title: 'through the service', measure: (peer) => peer.ask('push') }],
      })
      const size = `${Math.round(megabytes)} MB`
      return [
        {
          what: `.h5 of ${size}, read and converted`,
          unit: 's',
          results: measured(reads, ({ seconds }) => seconds),
          limit: 3,
        },
        {
          what: `memory for it`,
          unit: 'MB',
          results: measured(reads, (round) => round.megabytes),
          limit: Math.round(megabytes * mostTimes),
        },
        {
          what: `.h5 of ${size} to a model that predicts`,
          unit: 's',
          results: measured(loads, ({ seconds }) => seconds),
          targets: { 'Python Keras load_model': 1 },
        },
        { what: 'memory for it', unit: 'MB', results: measured(loads, (round) => round.megabytes) },
        {
          what: '.h5 of 50 MB through the service, to a registered version',
          unit: 's',
          results: measured(pushed, ({ seconds }) => seconds),
          limit: 2,
        },
      ]
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
