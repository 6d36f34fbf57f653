/** A job's log in the object store: pieces of lines that only ever grow in number, read from any place on. */
import { type JobLog, type JobLogQuery, jobKeys } from '../contract/index.ts'
import type { ObjectStore } from '../store/index.ts'
import { textOf } from './json.ts'

/** `0001-000003`: attempt and piece; sorts by both. */
export const pieceName = (attempt: number, piece: number): string =>
  `${String(attempt).padStart(4, '0')}-${String(piece).padStart(6, '0')}`

const idOf = (piece: string, line: number): string => `${piece}-${String(line).padStart(6, '0')}`

/** Pieces that one listing brings; a page of lines seldom needs more. */
const PIECES = 50

/** Lines behind `after`, at most `limit`; `next` is the last one's id. */
export const readLog = async (
  store: ObjectStore,
  job: string,
  { after, limit }: JobLogQuery,
): Promise<Omit<JobLog, 'done'>> => {
  const { log: prefix } = jobKeys(job)
  const lines: { id: string; text: string }[] = []
  const take = async (piece: string): Promise<void> => {
    const { body } = await store.get(`${prefix}${piece}`)
    for (const [index, text] of textOf(body).split('\n').entries()) {
      const id = idOf(piece, index)
      if (text !== '' && lines.length < limit && (after === undefined || id > after)) lines.push({ id, text })
    }
  }
  let piece = after?.slice(0, 11)
  if (piece !== undefined && (await store.head(`${prefix}${piece}`)) !== undefined) await take(piece)
  while (lines.length < limit) {
    const page = await store.list(prefix, { limit: PIECES, ...(piece !== undefined && { after: `${prefix}${piece}` }) })
    for (const { key } of page.objects) {
      piece = key.slice(prefix.length)
      if (/^\d{4}-\d{6}$/.test(piece) && lines.length < limit) await take(piece)
    }
    if (page.next === undefined) break
  }
  const next = lines.at(-1)?.id ?? after
  return { lines, ...(next !== undefined && { next }) }
}

export interface LogWriter {
  /** Adds a line to what the next `flush` writes. */
  line(text: string): void
  /** Writes what has gathered; on failure it is kept for the next time. */
  flush(): Promise<void>
}

/** Characters that wait for a store that does not answer; older lines are dropped beyond, and the log says so. */
const MOST_WAITING = 1_000_000
const MOST_LINE = 8000

const isStep = (text: string): boolean => text.startsWith('{"event":"step"')

/** Of steps that follow each other in one piece only the last is written: they are there to be watched, and come five a second. */
export const createLogWriter = (store: ObjectStore, job: string, attempt: number): LogWriter => {
  const { log } = jobKeys(job)
  let [waiting, size, dropped, piece]: [string[], number, number, number] = [[], 0, 0, 1]
  const push = (text: string): void => {
    if (isStep(text) && isStep(waiting.at(-1) ?? '')) size -= waiting.pop()?.length ?? 0
    waiting.push(text)
    size += text.length
    while (size > MOST_WAITING) {
      size -= waiting.shift()?.length ?? 0
      dropped += 1
    }
  }
  return {
    line: (text) => push(text.length > MOST_LINE ? `${text.slice(0, MOST_LINE)}…` : text),
    flush: async () => {
      if (waiting.length === 0) return
      const taken = waiting
      const note = dropped > 0 ? [`(${dropped} lines were lost: the store did not take them in time)`] : []
      ;[waiting, size, dropped] = [[], 0, 0]
      try {
        await store.put(`${log}${pieceName(attempt, piece)}`, new TextEncoder().encode([...note, ...taken].join('\n')))
        piece += 1
      } catch (error) {
        const later = waiting
        waiting = []
        for (const text of [...taken, ...later]) push(text)
        throw error
      }
    },
  }
}
