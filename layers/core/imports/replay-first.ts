/** Where the kernels run elsewhere: an alias waits until check has replayed, on the kernels in force, what it is about to mean. */
import { createHash } from 'node:crypto'
import { formatReference } from '../contract/index.ts'
import { ConflictError } from '../errors.ts'
import { parityFails, type Registry, replayOn } from '../registry/index.ts'
import { type ObjectStore, toJson } from '../store/index.ts'
import { verifyKey } from './keys.ts'

export interface ReplayFirstDeps {
  readonly store: ObjectStore
  readonly registry: Pick<Registry, 'manifest' | 'replays'>
  /** Id of the kernels in force. */
  readonly kernels: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** A check that has not answered by then is asked again: its function has fourteen minutes. */
const AGAIN_MS = 15 * 60_000
/** Seconds; a replay takes some, the start of its function and its kernels ten more. */
const RETRY_AFTER = 20

/** One object a version and kernels, whoever asks however often. */
const requestKey = (name: string, version: number, kernels: string): string => {
  const hash = createHash('sha256').update(`${name}:${version} ${kernels}`).digest('hex')
  return verifyKey(
    [hash.slice(0, 8), hash.slice(8, 12), hash.slice(12, 16), hash.slice(16, 20), hash.slice(20, 32)].join('-'),
  )
}

/**
 * Resolves when every version passed there, or has nothing to replay. ConflictError when one failed; when one was never
 * replayed, check is asked to do it, and the error has `retryAfter`.
 */
export const replayFirst =
  ({ store, registry, kernels, clock }: ReplayFirstDeps) =>
  async (name: string, versions: readonly number[]): Promise<void> => {
    const missing: string[] = []
    for (const version of new Set(versions)) {
      const replay = await replayOn(registry, await registry.manifest(name, version), kernels)
      if (replay === undefined) continue
      if (replay !== 'missing') {
        if (replay.passed) continue
        throw parityFails(name, version, replay)
      }
      missing.push(formatReference({ name, version }))
      const key = requestKey(name, version, kernels)
      const asked = await store.head(key)
      if (asked === undefined || clock() - asked.modifiedAt.getTime() > AGAIN_MS)
        await store.put(key, toJson({ schema: 1, name, version }))
    }
    if (missing.length === 0) return
    throw new ConflictError(
      `The parity certificate of ${missing.join(' and ')} was not replayed on the kernels in force (${kernels}) yet. ` +
        'The replay is under way: send the same request again in half a minute.',
      { param: 'version', retryAfter: RETRY_AFTER },
    )
  }
