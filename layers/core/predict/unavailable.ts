/** A version whose stored content is damaged or out of reach is unavailable: no fault of the request, and not for ever. */
import { formatReference, type ModelReference } from '@maas/core/contract'
import { MaasError, NotReadyError } from '@maas/core/errors'

/** Seconds after which a host looks at the store again. */
const retryAfter = 5

/** NotReadyError in place of a StorageError, which is its cause: the caller waits or takes another version, the log says what to mend. */
export const orUnavailable = async <T>(reference: ModelReference, task: () => Promise<T>): Promise<T> => {
  try {
    return await task()
  } catch (cause) {
    if (!(cause instanceof MaasError) || cause.code !== 'storage') throw cause
    throw new NotReadyError(
      `${formatReference(reference)} is unavailable: what is stored of it is damaged or cannot be read. The log of the service says what to mend; another version may answer meanwhile.`,
      { retryAfter, cause },
    )
  }
}
