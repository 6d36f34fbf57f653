/** Keeps errors of a caller's own stream apart from errors of the store that reads it. */

/** An error of the source, on its way through the store's error mapping; its cause is what the caller gets. */
export class SourceError extends Error {}

export async function* fromSource(body: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  try {
    yield* body
  } catch (error) {
    throw new SourceError('the source of a write failed', { cause: error })
  }
}
