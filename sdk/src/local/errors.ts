/** Core's failures as the SDK's classes, so that a caller catches the same whether the model runs here or behind a service. */
import { errorForStatus, MaasError } from '../errors.ts'

/** What core's errors look like; core itself is loaded only when a model runs in this process. */
interface CoreError extends Error {
  readonly code: string
  readonly param?: string
  readonly retryAfter?: number
}

const isCoreError = (error: unknown): error is CoreError =>
  error instanceof Error && !(error instanceof MaasError) && typeof (error as Partial<CoreError>).code === 'string'

/** Runs a task of core; anything else than its own errors passes through. */
export const translated = async <T>(task: () => Promise<T>): Promise<T> => {
  try {
    return await task()
  } catch (error) {
    if (!isCoreError(error)) throw error
    const { statusOf } = await import('@maas/core/contract')
    const status = (statusOf as (code: string) => number | undefined)(error.code)
    if (status === undefined) throw error
    throw errorForStatus(status, error.message, {
      cause: error,
      code: error.code,
      param: error.param,
      retryAfter: error.retryAfter,
    })
  }
}
