/** API Gateway proxy events (REST, payload 1.0) and Lambda contexts, with the fields that AWS sends. */
import type { LambdaContext, LambdaEvent } from 'hono/aws-lambda'

export interface EventOptions {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  readonly isBase64Encoded?: boolean
  /** What the authorizer found; null where it was not asked. @default a key that may everything */
  readonly authorizer?: Readonly<Record<string, string>> | null
}

const everything = { id: 'a'.repeat(64), record: JSON.stringify({ name: 'test', rights: ['data', 'control'] }) }

export const proxyEvent = (httpMethod: string, path: string, options: EventOptions = {}): LambdaEvent => {
  const { headers = {}, body = null, isBase64Encoded = false, authorizer = everything } = options
  return {
    version: '1.0',
    resource: '/{proxy+}',
    path,
    httpMethod,
    headers,
    body,
    isBase64Encoded,
    multiValueHeaders: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: null,
    multiValueQueryStringParameters: null,
    pathParameters: null,
    stageVariables: null,
    requestContext: {
      accountId: '111122223333',
      apiId: 'abc123',
      stage: 'dev',
      protocol: 'HTTP/1.1',
      httpMethod,
      path: `/dev${path}`,
      resourcePath: '/{proxy+}',
      requestId: 'gateway-request-1',
      domainName: 'abc123.execute-api.eu-west-1.amazonaws.com',
      identity: { sourceIp: '192.0.2.1', userAgent: 'test' },
      authorizer,
    },
  } as unknown as LambdaEvent
}

export const contextOf = (functionName: string): LambdaContext =>
  ({
    functionName,
    functionVersion: '1',
    memoryLimitInMB: '2048',
    awsRequestId: 'lambda-request-1',
    invokedFunctionArn: `arn:aws:lambda:eu-west-1:111122223333:function:${functionName}`,
    getRemainingTimeInMillis: () => 29_000,
  }) as unknown as LambdaContext

interface ProxyAnswer {
  readonly statusCode: number
  readonly body: string
}

/** A `fetch` whose requests reach a function as API Gateway would hand them on; for JSON calls without a query. */
export const fetchByEvents =
  (invoke: (event: unknown) => Promise<unknown>): typeof globalThis.fetch =>
  async (url, init = {}) => {
    const headers = init.headers as Record<string, string>
    const event = proxyEvent(init.method ?? 'GET', new URL(String(url)).pathname, {
      headers,
      ...(typeof init.body === 'string' && { body: init.body }),
    })
    const { statusCode, body } = (await invoke(event)) as ProxyAnswer
    return new Response(body === '' ? null : body, { status: statusCode })
  }
