/** The one error family of core: every failure a caller can meet, with a code that an edge turns into an exit code or an HTTP status. */

/** What went wrong, in words that programs compare. `contract/http.ts` maps each to a status. */
export type ErrorCode =
  | 'invalid_input'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'not_ready'
  | 'unsupported'
  | 'forbidden'
  | 'unauthorized'
  | 'over_quota'
  | 'canceled'
  | 'timeout'
  | 'storage'
  | 'kernels'
  | 'training'
  | 'internal'

export interface MaasErrorOptions extends ErrorOptions {
  /** The field, option or path at fault, e.g. `instances[3]` or `--epochs`. */
  readonly param?: string
  /** Seconds after which the same call may succeed. */
  readonly retryAfter?: number
}

/** Base of all errors thrown on purpose. The message says what was got, what is allowed and what to do. */
export class MaasError extends Error {
  readonly code: ErrorCode
  readonly param?: string
  readonly retryAfter?: number

  constructor(code: ErrorCode, message: string, options: MaasErrorOptions = {}) {
    super(message, options)
    this.name = new.target.name
    this.code = code
    if (options.param !== undefined) this.param = options.param
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter
  }
}

/** The caller sent something that is not allowed; repeating it unchanged fails again. */
export class InvalidInputError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('invalid_input', message, options)
  }
}

/** A model, version, alias, job or file that was named does not exist. */
export class NotFoundError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('not_found', message, options)
  }
}

/** Somebody else was first: a name is taken, or a compare-and-swap lost. */
export class ConflictError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('conflict', message, options)
  }
}

/** A request, file or archive is over a stated limit. */
export class TooLargeError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('too_large', message, options)
  }
}

/** Alive but not able to answer yet, or too busy; carries `retryAfter` seconds. */
export class NotReadyError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('not_ready', message, { retryAfter: 1, ...options })
  }
}

/** Well formed, but nothing here can do it: an unknown layer, dtype or format. */
export class UnsupportedError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('unsupported', message, options)
  }
}

/** The object store failed: disk full, access denied, damaged object. */
export class StorageError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('storage', message, options)
  }
}

/** Native kernels are missing, damaged or could not be built. */
export class KernelError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('kernels', message, options)
  }
}

/** Training cannot go on: the loss is not a number, the data cannot be learned from. */
export class TrainingError extends MaasError {
  constructor(message: string, options?: MaasErrorOptions) {
    super('training', message, options)
  }
}

/** The message of anything thrown, for a line that a person reads. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
