/** One HTTP exchange over Node's own client, as cheap as can be: the load generator must not be what is measured. */
import { type Agent, request } from 'node:http'
import type { Question } from './models.ts'

export interface Answer {
  readonly status: number
  readonly version: number
  readonly retryAfter: string | undefined
  readonly body: Buffer
  readonly ms: number
}

export const ask = (
  port: number,
  { path, headers, body }: Pick<Question, 'path' | 'headers' | 'body'>,
  options: { readonly agent?: Agent | false; readonly method?: string; readonly timeoutMs?: number } = {},
): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const { agent = false, method = 'POST', timeoutMs = 30_000 } = options
    const sent = { ...headers, 'content-length': body.length }
    const call = request(
      { host: '127.0.0.1', port, path, method, headers: sent, agent, timeout: timeoutMs },
      (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => parts.push(part))
        response.on('error', reject)
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            version: Number(response.headers['x-maas-model-version'] ?? 0),
            retryAfter: response.headers['retry-after'],
            body: Buffer.concat(parts),
            ms: performance.now() - started,
          }),
        )
      },
    )
    call.once('timeout', () => call.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)))
    // On, not once: a connection may break twice.
    call.on('error', reject)
    call.end(body)
  })

export const textOf = ({ body }: Answer): string => body.toString().slice(0, 200)
