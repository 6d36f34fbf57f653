/** The one place where an error becomes an HTTP status and a body, in the dialect of the route that failed. */
import { type ErrorCode, InvalidInputError, MaasError } from '../errors.ts'

/**
 * `serving`: `{"error":"text"}` as TensorFlow Serving writes it. `control`: `{"error":{code, message, param, request_id}}`.
 * `sagemaker`, `sagemakerRuntime`: `{"__type":"Name","message"}`, as AWS' clients read errors.
 */
export type Dialect = 'serving' | 'control' | 'sagemaker' | 'sagemakerRuntime'

const statuses = {
  invalid_input: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unsupported: 422,
  over_quota: 429,
  canceled: 499,
  internal: 500,
  storage: 500,
  kernels: 500,
  training: 500,
  not_ready: 503,
  timeout: 504,
} as const satisfies Record<ErrorCode, number>

export const statusOf = (code: ErrorCode): number => statuses[code]

/** A request that HTTP itself refuses, with the status that says so: 405 method, 415 content type, 421 host. */
export class HttpError extends InvalidInputError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message)
    this.status = status
    this.headers = headers
  }
}

export interface ErrorReply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: unknown
}

/** Bodies of failures on our side say only where to look: the cause is in the log, under the request's id. */
export const errorReply = (error: unknown, dialect: Dialect, requestId: string): ErrorReply => {
  const known = error instanceof MaasError ? error : undefined
  const code = known?.code ?? 'internal'
  const status = error instanceof HttpError ? error.status : statusOf(code)
  const hidden = status === 500
  const message =
    hidden || known === undefined
      ? `The service failed; nothing is wrong with the request. Look for ${requestId} in its log.`
      : known.message
  const headers: Record<string, string> = { ...(error instanceof HttpError ? error.headers : {}) }
  if (known?.retryAfter !== undefined && !hidden) headers['retry-after'] = String(Math.ceil(known.retryAfter))
  if (dialect === 'serving') return { status, headers, body: { error: message } }
  if (dialect !== 'control') {
    const reply = awsReply(code, status, message, dialect)
    return { ...reply, headers: { ...headers, ...reply.headers } }
  }
  const param = hidden || known?.param === undefined ? {} : { param: known.param }
  return {
    status,
    headers,
    body: { error: { code: hidden ? 'internal' : code, message, ...param, request_id: requestId } },
  }
}

/** Names that SageMaker gives its errors; whatever else a caller got wrong is a validation error there. */
const awsNames: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'UnrecognizedClientException',
  forbidden: 'AccessDeniedException',
  not_found: 'ResourceNotFound',
  conflict: 'ResourceInUse',
  over_quota: 'ResourceLimitExceeded',
  not_ready: 'ServiceUnavailable',
}

/** The runtime calls the same things by other names, and tells a model that is not loaded from a service that is down. */
const runtimeNames: Partial<Record<ErrorCode, string>> = {
  unauthorized: 'UnrecognizedClientException',
  forbidden: 'AccessDeniedException',
  over_quota: 'ThrottlingException',
  not_ready: 'ModelNotReadyException',
}

/** Statuses that stay told from 400; who may not come in is one thing there. */
const kept: Readonly<Record<number, number>> = { 401: 403, 403: 403, 405: 405 }

/** There a refusal is 400, without a right to it 403; ModelNotReadyException is 429, so that clients try again. */
const awsReply = (
  code: ErrorCode,
  status: number,
  message: string,
  dialect: 'sagemaker' | 'sagemakerRuntime',
): ErrorReply => {
  const runtime = dialect === 'sagemakerRuntime'
  const refused = runtime ? 'ValidationError' : 'ValidationException'
  const named = (runtime ? runtimeNames : awsNames)[code]
  const name = named ?? (status < 500 ? refused : 'InternalFailure')
  const answered = name === 'ModelNotReadyException' ? 429 : status < 500 ? (kept[status] ?? 400) : status
  return { status: answered, headers: { 'x-amzn-errortype': name }, body: { __type: name, message } }
}
