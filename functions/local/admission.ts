/** Takes a job on while its queue has room, and says when to come again otherwise. */
import { MaasError } from '@maas/core/errors'

/** Seconds after which a caller may ask again. */
const retryAfter = 60

/** `most` may wait in the queue; `what` they are, in the plural. Throws MaasError `over_quota`. */
export const admitTo = (queue: { readonly size: number }, most: number, what: string) => async (): Promise<void> => {
  if (queue.size < most) return
  throw new MaasError(
    'over_quota',
    `${queue.size} ${what} wait, which is as many as may. Stop one, or try again later.`,
    { retryAfter },
  )
}
