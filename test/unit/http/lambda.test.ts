import { PassThrough } from 'node:stream'
import type { Context } from 'aws-lambda'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { lambdaStream } from '../../../layers/core/http/lambda.ts'
import { createTelemetry } from '../../../layers/core/telemetry/index.ts'
import { contextOf, proxyEvent } from '../../support/lambda-events.ts'

const telemetry = createTelemetry('stream', {})
const app = {
  fetch: (request: Request) =>
    new Response('one,two', { status: 201, headers: { 'x-id': request.headers.get('x-request-id') ?? '' } }),
}

describe('a streamed answer', () => {
  afterEach(() => vi.unstubAllGlobals())

  it('goes out piece by piece behind its status and headers, under the gateway’s request id', async () => {
    const heads: Record<string, unknown>[] = []
    vi.stubGlobal('awslambda', {
      streamifyResponse: (handler: unknown) => handler,
      HttpResponseStream: {
        from: (stream: PassThrough, head: Record<string, unknown>) => {
          heads.push(head)
          return stream
        },
      },
    })
    const out = new PassThrough()
    const handler = lambdaStream(app, telemetry, [])
    await handler?.(proxyEvent('GET', '/x'), out as never, contextOf('stream') as unknown as Context)
    expect((await out.toArray()).join('')).toBe('one,two')
    expect(heads[0]).toMatchObject({ statusCode: 201, headers: { 'x-id': 'gateway-request-1' } })
  })

  it('cannot be had outside of Lambda’s runtime', () => {
    vi.stubGlobal('awslambda', {})
    expect(lambdaStream(app, telemetry, [])).toBeUndefined()
  })
})
