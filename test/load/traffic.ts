/** Saturation: many connections that ask without a pause, and every answer compared with what it must be. */
import { Agent } from 'node:http'
import { difference } from '../../bench/stats.ts'
import { type Answer, ask, textOf } from './client.ts'
import { brokenQuestion, movingVersions, type Question } from './models.ts'
import type { Timeline } from './timeline.ts'

export interface Tally {
  /** Milliseconds of right answers, by question. */
  readonly times: Map<string, number[]>
  /** How often which status came, by `model` or `damaged model`. */
  readonly statuses: Map<string, number>
  /** What must not be: a wrong answer, a 5xx that is no 503 with Retry-After, a connection that broke. */
  readonly faults: string[]
  /** Right answers of which version, while the alias moved. */
  readonly versions: Map<number, number>
}

const allowed = 1e-5

/** Right numbers by question and version, each asked once while nothing else happens. */
export type Right = ReadonlyMap<string, readonly number[]>

const keyOf = ({ name }: Question, version: number): string => `${name}, version ${version}`

const isMoving = ({ path }: Question): boolean => path.includes('/labels/')

export const rightAnswers = async (port: number, questions: readonly Question[]): Promise<Right> => {
  const right = new Map<string, readonly number[]>()
  for (const question of questions) {
    for (const version of isMoving(question) ? movingVersions : [1]) {
      const path = question.path.replace(/\/labels\/\w+:/, `/versions/${version}:`)
      const answer = await ask(port, { ...question, path })
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${textOf(answer)}`)
      right.set(keyOf(question, version), question.numbers(answer))
    }
  }
  return right
}

export interface Expected {
  readonly right: Right
  readonly timeline: Timeline
}

export const saturate = async (
  port: number,
  questions: readonly Question[],
  expected: Expected,
  { connections, seconds }: { readonly connections: number; readonly seconds: number },
): Promise<Tally> => {
  const tally: Tally = { times: new Map(), statuses: new Map(), faults: [], versions: new Map() }
  const agent = new Agent({ keepAlive: true, maxSockets: connections })
  const end = performance.now() + seconds * 1000
  const worker = async (first: number): Promise<void> => {
    for (let turn = first; performance.now() < end; turn += 1) {
      // One request in a hundred goes to the damaged model.
      const question = turn % 100 === 99 ? brokenQuestion : questions[turn % questions.length]
      if (question === undefined) return
      const asked = performance.now()
      try {
        judge(tally, question, await ask(port, question, { agent }), asked, expected)
      } catch (error) {
        const cause = error as NodeJS.ErrnoException
        tally.faults.push(`${question.name}: no answer: ${cause.code ?? ''} ${cause.message}`)
      }
    }
  }
  await Promise.all(Array.from({ length: connections }, (_, i) => worker(i * 7)))
  agent.destroy()
  return tally
}

/** `asked` on the clock of the timeline. */
export const judge = (
  tally: Tally,
  question: Question,
  answer: Answer,
  asked: number,
  { right, timeline }: Expected,
): void => {
  const { status, version, retryAfter, ms } = answer
  const count = <K>(map: Map<K, number>, key: K) => map.set(key, (map.get(key) ?? 0) + 1)
  const damaged = question === brokenQuestion
  count(tally.statuses, `${damaged ? 'the damaged model' : 'others'}: ${status}`)
  if (status === 503 && retryAfter !== undefined) return
  if (damaged || status !== 200) {
    tally.faults.push(`${question.name}: ${status} ${textOf(answer)}`)
    return
  }
  const numbers = right.get(keyOf(question, version))
  if (numbers === undefined || !(difference(question.numbers(answer), numbers) <= allowed)) {
    tally.faults.push(`${keyOf(question, version)}: a wrong answer: ${textOf(answer)}`)
    return
  }
  if (isMoving(question) && !timeline.mayAnswer(version, asked, asked + ms)) {
    tally.faults.push(`${question.name}: an answer of version ${version}, which was not meant then`)
    return
  }
  if (isMoving(question)) count(tally.versions, version)
  const times = tally.times.get(question.name)
  if (times === undefined) tally.times.set(question.name, [ms])
  else times.push(ms)
}
