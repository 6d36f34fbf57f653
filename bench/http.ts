/** The services under test, all with the same two routes, and the requests they are asked. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { mustAgree } from './agree.ts'
import { node, onModel, python } from './contenders.ts'
import { type Contender, interleave, type Outcome, type Task } from './interleave.ts'
import { ourService } from './ours.ts'
import { type Peer, startPeer } from './peer.ts'
import { type Bench, Unavailable } from './types.ts'

export interface Question {
  readonly name: string
  readonly path: string
  readonly type: string
  readonly file: string
  /** Of requests per second. */
  readonly targets: Readonly<Record<string, number>>
  /** Of the 99th percentile under several connections. */
  readonly tailTargets: Readonly<Record<string, number>>
  /** Ten probabilities in the order of the classes. */
  read(answer: unknown): readonly number[]
}

const tailTargets = { 'FastAPI + tf.function': 1, 'fastify + onnxruntime-node': 1 }

type Ranking = readonly (readonly [label: string, score: number])[]

export const questions: readonly Question[] = [
  {
    name: 'JSON predict, 32x32x3',
    path: '/v1/models/bench:predict',
    type: 'application/json',
    file: 'predict.json',
    targets: { 'FastAPI + tf.function': 3, 'fastify + onnxruntime-node': 1.2 },
    tailTargets,
    read: (answer) => (answer as { predictions: number[][] }).predictions[0] ?? [],
  },
  {
    name: 'JPEG classify, 32x32',
    path: '/v1/models/bench:classify',
    type: 'image/jpeg',
    file: 'classify.jpg',
    targets: { 'FastAPI + tf.function': 2, 'fastify + onnxruntime-node': 1.2 },
    tailTargets,
    read: (answer) => {
      const scores = new Map((answer as { results: Ranking[] }).results[0] ?? [])
      return Array.from({ length: 10 }, (_, label) => scores.get(String(label)) ?? Number.NaN)
    },
  },
]

export const services = (bench: Bench): readonly Contender[] => [
  ourService(bench),
  onModel(bench, 'FastAPI + tf.function', python, 'serve'),
  onModel(bench, 'fastify + onnxruntime-node', node, 'serve'),
]

/** One request, its answer read. @throws Unavailable with the service's own words when it refuses */
export async function askOnce(bench: Bench, { hello }: Peer, question: Question): Promise<readonly number[]> {
  const response = await fetch(`${hello.url}${question.path}`, {
    method: 'POST',
    headers: { 'content-type': question.type },
    body: readFileSync(join(await bench.fixtures(), question.file)),
  })
  const text = await response.text()
  if (!response.ok) throw new Unavailable(`it answered ${response.status}: ${text.slice(0, 200)}`)
  return question.read(JSON.parse(text))
}

export interface Load {
  readonly milliseconds: readonly number[]
  readonly requests: number
  readonly seconds: number
  readonly failures: number
}

/** The load generator, in a process of its own. */
export const startGenerator = async (bench: Bench): Promise<Peer> => startPeer(await node(bench, 'load', []))

/** Keeps `connections` requests in flight from the load generator's process. @throws Unavailable when any request failed */
export async function load(
  bench: Bench,
  generator: Peer,
  { hello }: Peer,
  { path, type, file }: Question,
  options: { readonly connections: number; readonly seconds?: number; readonly amount?: number },
): Promise<Load> {
  const request = { url: `${hello.url}${path}`, type, file: join(await bench.fixtures(), file), ...options }
  const result = await generator.ask<Load>('load', request)
  if (result.failures > 0) throw new Unavailable(`${result.failures} of ${result.requests} requests failed under load`)
  return result
}

export interface LoadCase {
  readonly question: Question
  readonly connections: number
}

export const titleOf = ({ question, connections }: LoadCase): string =>
  `${question.name}, ${connections} connection${connections === 1 ? '' : 's'}`

/** All services under each load in turn, `seconds` a round; one list of outcomes per case. */
export async function raceServices(
  bench: Bench,
  cases: readonly LoadCase[],
  seconds: number,
): Promise<readonly (readonly Outcome<Load>[])[]> {
  const generator = await startGenerator(bench)
  try {
    return await interleave<Load>(bench, {
      contenders: services(bench),
      tasks: cases.map(
        (one): Task<Load> => ({
          title: titleOf(one),
          measure: (peer) => load(bench, generator, peer, one.question, { connections: one.connections, seconds }),
          answer: (peer) => askOnce(bench, peer, one.question),
        }),
      ),
      compare: mustAgree,
    })
  } finally {
    await generator.stop()
  }
}
