/** Errors of the client: one class per status, and one for each way of getting no answer. */

export interface ClientErrorOptions extends ErrorOptions {
  /** HTTP status of the answer. */
  readonly status?: number
  /** Id under which the service logged the request. */
  readonly requestId?: string
  /** Field of the request at fault. */
  readonly param?: string
  /** Seconds after which the same call may succeed. */
  readonly retryAfter?: number
}

/** Base of everything that the client throws on purpose; the message is the service's own where there is one. */
export class ClientError extends Error {
  readonly status?: number
  readonly requestId?: string
  readonly param?: string
  readonly retryAfter?: number

  constructor(message: string, options: ClientErrorOptions = {}) {
    super(message, options)
    this.name = new.target.name
    if (options.status !== undefined) this.status = options.status
    if (options.requestId !== undefined) this.requestId = options.requestId
    if (options.param !== undefined) this.param = options.param
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter
  }
}

/** 400, 415, 422: the request is not what the model takes. */
export class BadRequestError extends ClientError {}
/** 401: there is no key, or it is not known. */
export class AuthenticationError extends ClientError {}
/** 403: the key may not do this. */
export class PermissionError extends ClientError {}
/** 404: no such model, version or alias. */
export class NotFoundError extends ClientError {}
/** 409: somebody else was faster, or the thing is in use. */
export class ConflictError extends ClientError {}
/** 413: more bytes or rows than one request may have. */
export class TooLargeError extends ClientError {}
/** 429: over the rate or the quota. */
export class RateLimitError extends ClientError {}
/** 5xx: the service failed or is not ready. */
export class ServerError extends ClientError {}
/** No answer: refused, reset, or not resolved. */
export class ConnectionError extends ClientError {}
/** No answer in time. */
export class TimeoutError extends ClientError {}
/** The caller's own signal ended the call. */
export class AbortedError extends ClientError {}

const byStatus: Readonly<Record<number, typeof ClientError>> = {
  401: AuthenticationError,
  403: PermissionError,
  404: NotFoundError,
  409: ConflictError,
  413: TooLargeError,
  429: RateLimitError,
}

/** The error for an answer that is not 2xx. */
export const errorFor = (status: number, message: string, options: ClientErrorOptions): ClientError => {
  const Class = byStatus[status] ?? (status >= 500 ? ServerError : BadRequestError)
  return new Class(message, { ...options, status })
}
