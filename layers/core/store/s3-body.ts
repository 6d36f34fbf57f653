/** Reads the body of an S3 reply chunk by chunk, and notices when it stalls or ends early. */
import { StorageError } from '../errors.ts'

export interface ExpectedBody {
  /** For messages, e.g. `s3://bucket/key`. */
  readonly name: string
  /** Bytes that the reply announced; undefined when it did not. */
  readonly size: number | undefined
  /** Longest wait for the next chunk. */
  readonly stallMs: number
}

/** Iterates once; throws StorageError when no chunk comes for `stallMs`, or when fewer or more bytes came than announced. */
export async function* readBody(
  body: AsyncIterable<Uint8Array>,
  { name, size, stallMs }: ExpectedBody,
): AsyncGenerator<Uint8Array> {
  const iterator = body[Symbol.asyncIterator]()
  let received = 0
  let finished = false
  try {
    for (;;) {
      const { done, value } = await withTimeout(iterator.next(), stallMs, () => {
        const of = size === undefined ? '' : ` of ${size}`
        return new StorageError(
          `cannot read ${name}: no data for ${stallMs / 1000} s after ${received}${of} bytes; repeat`,
        )
      })
      finished = done === true
      if (finished) break
      received += value.length
      yield value
    }
  } finally {
    // Not awaited: the return of a stalled source may never come.
    if (!finished) void Promise.resolve(iterator.return?.()).catch(() => undefined)
    if (!finished && 'destroy' in body && typeof body.destroy === 'function') body.destroy()
  }
  if (size !== undefined && received !== size) {
    throw new StorageError(`cannot read ${name}: the reply ended after ${received} of ${size} bytes; repeat`)
  }
}

const withTimeout = async <T>(promise: Promise<T>, ms: number, error: () => Error): Promise<T> => {
  let timer: NodeJS.Timeout | undefined
  const timeout = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(error()), ms)
  })
  try {
    return await Promise.race([promise, timeout])
  } finally {
    clearTimeout(timer)
  }
}
