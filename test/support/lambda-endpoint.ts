/** Lambda's Invoke call on this machine, for programs that call functions by the AWS SDK. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface LambdaEndpoint {
  /** For AWS_ENDPOINT_URL_LAMBDA. */
  readonly url: string
  /** Names of the functions that were called. */
  readonly called: readonly string[]
  stop(): Promise<void>
}

export const startLambdaEndpoint = async (invoke: (event: unknown) => Promise<unknown>): Promise<LambdaEndpoint> => {
  const called: string[] = []
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    called.push(decodeURIComponent(/\/functions\/([^/]+)\/invocations/.exec(request.url ?? '')?.[1] ?? ''))
    try {
      response.end(JSON.stringify(await invoke(JSON.parse(Buffer.concat(chunks).toString()))))
    } catch (error) {
      // As Lambda tells of a handler that threw: status 200, and this header.
      response.setHeader('x-amz-function-error', 'Unhandled')
      response.end(JSON.stringify({ errorType: 'Error', errorMessage: (error as Error).message, trace: [] }))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    called,
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
