/** What API Gateway answers by itself, in the service's own error shape. */
import { type GatewayResponseOptions, ResponseType, type RestApi } from 'aws-cdk-lib/aws-apigateway'

interface GatewayError {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
}

const key = 'send a valid key in the header x-api-key'

/** By API Gateway's name; a `$context` variable is filled in there. */
const errors: Readonly<Record<string, GatewayError>> = {
  UNAUTHORIZED: { status: 401, code: 'unauthorized', message: `The API key is missing, unknown or expired: ${key}.` },
  ACCESS_DENIED: { status: 403, code: 'forbidden', message: 'This key does not have the right for that call.' },
  MISSING_AUTHENTICATION_TOKEN: { status: 404, code: 'not_found', message: 'Nothing is at this path and method.' },
  RESOURCE_NOT_FOUND: { status: 404, code: 'not_found', message: 'Nothing is at this path.' },
  INVALID_API_KEY: { status: 403, code: 'forbidden', message: 'The usage plan of this key is gone: deploy again.' },
  THROTTLED: {
    status: 429,
    code: 'over_quota',
    message: 'Too many requests at once. Try again in a second.',
    headers: { 'retry-after': "'1'" },
  },
  QUOTA_EXCEEDED: {
    status: 429,
    code: 'over_quota',
    message: "The day's quota is used up. It starts anew at midnight UTC.",
    headers: { 'retry-after': "'3600'" },
  },
  REQUEST_TOO_LARGE: { status: 413, code: 'too_large', message: 'The body is over 10 MB; at most 6 MB are taken.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, code: 'invalid_input', message: 'This content type is not taken here.' },
  BAD_REQUEST_BODY: {
    status: 400,
    code: 'invalid_input',
    message: 'The body is not right: $context.error.validationErrorString',
  },
  BAD_REQUEST_PARAMETERS: { status: 400, code: 'invalid_input', message: 'A parameter is missing.' },
  INTEGRATION_TIMEOUT: {
    status: 504,
    code: 'timeout',
    message: 'No answer within 29 seconds. Send fewer examples at once.',
  },
  INTEGRATION_FAILURE: {
    status: 503,
    code: 'not_ready',
    message: 'The function could not answer. Try again in a second.',
    headers: { 'retry-after': "'1'" },
  },
  DEFAULT_4XX: { status: 400, code: 'invalid_input', message: 'The request is not right.' },
  DEFAULT_5XX: { status: 500, code: 'internal', message: 'The service failed; nothing is wrong with the request.' },
}

/** Statuses that only these defaults cover are left to API Gateway. */
const keepsStatus = (name: string): boolean => name.startsWith('DEFAULT_')

export const addGatewayErrors = (api: RestApi, corsOrigins: readonly string[]): void => {
  for (const [name, { status, code, message, headers = {} }] of Object.entries(errors)) {
    const body = { error: { code, message, request_id: '$context.requestId' } }
    const options: GatewayResponseOptions = {
      type: ResponseType.of(name),
      ...(!keepsStatus(name) && { statusCode: String(status) }),
      responseHeaders: { ...headers, ...corsHeaders(corsOrigins) },
      templates: { 'application/json': JSON.stringify(body) },
    }
    api.addGatewayResponse(name, options)
  }
}

/** Errors hold nothing private, and a static header can name one origin only. */
const corsHeaders = ([first, ...others]: readonly string[]): Record<string, string> => {
  if (first === undefined) return {}
  return { 'access-control-allow-origin': others.length === 0 ? `'${first}'` : "'*'" }
}
