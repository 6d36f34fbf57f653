/** Which keys the object stores take: the same rules for S3 and for files, so that what works on one works on the other. */
import { InvalidInputError } from '../errors.ts'

const MAX_KEY_BYTES = 1024
/** File systems end names at 255 bytes; the rest is room for the file store's own marks. */
const MAX_SEGMENT_BYTES = 200

const bytesOf = (text: string): number => Buffer.byteLength(text)
const shown = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)

const problemWithText = (text: string): string | undefined => {
  if (bytesOf(text) > MAX_KEY_BYTES)
    return `is ${bytesOf(text)} bytes of UTF-8 long; at most ${MAX_KEY_BYTES} are allowed`
  // XML cannot carry control characters, so S3 could store such a key but never list it.
  if (/\p{Cc}/u.test(text)) return 'has a control character'
  if (/\p{Cs}/u.test(text)) return 'has half of a surrogate pair, which UTF-8 cannot carry'
  return undefined
}

const problemWithSegment = (segment: string): string | undefined => {
  if (segment === '') return 'has an empty segment'
  if (segment === '.' || segment === '..') return `has the segment "${segment}"`
  if (bytesOf(segment) > MAX_SEGMENT_BYTES) return `has a segment of more than ${MAX_SEGMENT_BYTES} bytes`
  return undefined
}

const firstProblem = (text: string, segments: readonly string[]): string | undefined =>
  problemWithText(text) ?? segments.map(problemWithSegment).find((problem) => problem !== undefined)

const refuse = (kind: string, text: string, problem: string): never => {
  throw new InvalidInputError(
    `${kind} ${shown(text)} ${problem}; allowed are 1-${MAX_KEY_BYTES} bytes in "/"-separated segments, none empty, "." or ".."`,
    { param: kind },
  )
}

/** The segments of a key; throws InvalidInputError for a key that no store takes. */
export const checkedKey = (key: string): readonly string[] => {
  const segments = key.split('/')
  const problem = firstProblem(key, segments)
  return problem === undefined ? segments : refuse('key', key, problem)
}

/** The complete segments of a prefix, which may be empty or end in the middle of a segment. */
export const checkedPrefix = (prefix: string): readonly string[] => {
  const folders = prefix.split('/').slice(0, -1)
  const problem = firstProblem(prefix, folders)
  return problem === undefined ? folders : refuse('prefix', prefix, problem)
}

/** Page size of a listing: 1-1000, as S3 allows. */
export const checkedLimit = (limit = 1000): number => {
  if (Number.isInteger(limit) && limit >= 1 && limit <= 1000) return limit
  throw new InvalidInputError(`limit: got ${limit}; allowed is a whole number from 1 to 1000`, { param: 'limit' })
}

/** Bytes from `start` to `end`, exclusive; a range that starts behind the end of the object is empty. */
interface Range {
  readonly start: number
  readonly end?: number
}

export const checkedRange = (range: Range = { start: 0 }): Range => {
  const { start, end } = range
  if (Number.isSafeInteger(start) && start >= 0 && (end === undefined || (Number.isSafeInteger(end) && end > start))) {
    return range
  }
  throw new InvalidInputError(`range: got ${start}-${end}; allowed is start >= 0 and end > start, in whole bytes`, {
    param: 'range',
  })
}

/** The order of S3 listings: by bytes of UTF-8, which is not that of JavaScript's strings. */
export const byKey = (a: string, b: string): number => (a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b)))
