/** What a call can fail with: one class per situation, the same whether the model runs in this process or behind a service. */

export interface MaasErrorOptions extends ErrorOptions {
  /** HTTP status of the answer; for calls in this process the status that a service would give. */
  readonly status?: number | undefined
  /** The service's own word for it, e.g. `invalid_input`. */
  readonly code?: string | undefined
  /** The field, option or path at fault, e.g. `instances[3]`. */
  readonly param?: string | undefined
  /** What to look for in the service's log. */
  readonly requestId?: string | undefined
  /** Seconds after which the same call may succeed. */
  readonly retryAfter?: number | undefined
}

/** Base of everything thrown on purpose. */
export class MaasError extends Error {
  readonly status: number | undefined
  readonly code: string | undefined
  readonly param: string | undefined
  readonly requestId: string | undefined
  readonly retryAfter: number | undefined

  constructor(message: string, options: MaasErrorOptions = {}) {
    super(message, options)
    this.name = new.target.name
    this.status = options.status
    this.code = options.code
    this.param = options.param
    this.requestId = options.requestId
    this.retryAfter = options.retryAfter
  }
}

/** 400: the input is not allowed; `param` says which part. */
export class BadRequestError extends MaasError {}
/** 401: no key, or one that is not known. */
export class AuthenticationError extends MaasError {}
/** 403: the key does not allow this. */
export class PermissionDeniedError extends MaasError {}
/** 404: no such model, version, alias or file. */
export class NotFoundError extends MaasError {}
/** 409 and 412: somebody else was first. */
export class ConflictError extends MaasError {}
/** 413: the request or file is over a limit. */
export class TooLargeError extends MaasError {}
/** 422: well formed, but nothing there can do it. */
export class UnsupportedError extends MaasError {}
/** 429: over the quota; see `retryAfter`. */
export class RateLimitError extends MaasError {}
/** 503: alive but not able to answer yet; see `retryAfter`. */
export class NotReadyError extends MaasError {}
/** Any other 5xx: the service failed; see `requestId`. */
export class ServerError extends MaasError {}
/** No answer within the time allowed. */
export class TimeoutError extends MaasError {}
/** The service could not be reached, or broke off. */
export class ConnectionError extends MaasError {}
/** The caller's own AbortSignal ended the call. */
export class AbortedError extends MaasError {}

type ErrorClass = new (message: string, options?: MaasErrorOptions) => MaasError

const classes: Readonly<Record<number, ErrorClass>> = {
  400: BadRequestError,
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  409: ConflictError,
  412: ConflictError,
  413: TooLargeError,
  422: UnsupportedError,
  429: RateLimitError,
  499: AbortedError,
  503: NotReadyError,
  504: TimeoutError,
}

/** The error for an HTTP status. */
export const errorForStatus = (status: number, message: string, options: MaasErrorOptions = {}): MaasError => {
  const Class = classes[status] ?? (status >= 500 ? ServerError : status >= 400 ? BadRequestError : MaasError)
  return new Class(message, { ...options, status })
}
