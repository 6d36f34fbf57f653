/** Webhooks in the Standard Webhooks form: signed with every secret in force, retried, and never sent into a private network. */
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { InvalidInputError, MaasError, messageOf } from '@maas/core/errors'
import { useAgent } from 'request-filtering-agent'
import { Webhook } from 'standardwebhooks'

/** Posts once; resolves with the status. Rejects when the address may not be reached or does not answer. */
export type Deliver = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

export interface WebhookOptions {
  /** `whsec_` and base64; the first is the newest. Two while a secret is rotated. None: webhooks are refused. Asked for each time, where they are kept elsewhere. */
  readonly secrets: readonly string[] | (() => Promise<readonly string[]>)
  readonly deliver: Deliver
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly sleep: (ms: number) => Promise<void>
  /** Addresses that may be reached although they are private, and without TLS. @default none */
  readonly allowedAddresses?: readonly string[]
}

export interface Webhooks {
  /** Rejects with InvalidInputError, which says why a URL is not taken. */
  check(url: string): Promise<void>
  /** Resolves with what became of it, in words; never rejects. */
  send(url: string, id: string, body: string): Promise<string>
}

/** Milliseconds before the second and the third try. */
const pauses = [500, 4000]

export const createWebhooks = ({ secrets, deliver, clock, sleep, allowedAddresses = [] }: WebhookOptions): Webhooks => {
  // Those that are given are looked at now, so that a service with a wrong one does not start.
  const given = typeof secrets === 'function' ? undefined : secrets.map(signerOf)
  const read = typeof secrets === 'function' ? secrets : async () => []
  const inForce = async (): Promise<readonly Webhook[]> => given ?? (await read()).map(signerOf)
  const once = async (url: string, id: string, body: string): Promise<string | undefined> => {
    const now = new Date(clock())
    const signers = await inForce()
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
      'webhook-signature': signers.map((signer) => signer.sign(id, now, body)).join(' '),
    }
    try {
      const status = await deliver(url, headers, body)
      if (status >= 200 && status < 300) return undefined
      return status >= 300 && status < 400
        ? `it answered ${status}; redirects are not followed`
        : `it answered ${status}`
    } catch (error) {
      return messageOf(error)
    }
  }
  return {
    check: async (url) => {
      if ((await inForce()).length === 0) {
        throw new InvalidInputError(
          'webhook: this service has no secret to sign webhooks with; set MAAS_WEBHOOK_SECRETS, or on AWS "webhooks": true in cdk.json.',
          { param: 'webhook' },
        )
      }
      const { protocol, username, hostname } = new URL(url)
      if (username !== '')
        throw new InvalidInputError('webhook: a URL with a user name is not taken.', { param: 'webhook' })
      if (protocol !== 'https:' && !allowedAddresses.includes(hostname)) {
        throw new InvalidInputError(`webhook: got ${protocol}//; only https is taken.`, { param: 'webhook' })
      }
    },
    send: async (url, id, body) => {
      const attempt = () => once(url, id, body).catch(messageOf)
      let problem = await attempt()
      for (const pause of pauses) {
        if (problem === undefined) break
        await sleep(pause)
        problem = await attempt()
      }
      return problem === undefined ? 'delivered' : `not delivered after ${pauses.length + 1} tries: ${problem}`
    },
  }
}

const signerOf = (secret: string): Webhook => {
  try {
    return new Webhook(secret)
  } catch (cause) {
    throw new MaasError('invalid_input', 'A webhook secret is "whsec_" and at least 24 bytes as base64.', { cause })
  }
}

/**
 * The address is checked when the socket connects, so a name that changes its mind between two look-ups gains nothing.
 * Redirects are not followed, and nothing of the answer is kept.
 */
export const createDelivery =
  ({
    allowedAddresses = [],
    timeoutMs = 5000,
  }: {
    readonly allowedAddresses?: readonly string[]
    readonly timeoutMs?: number
  } = {}): Deliver =>
  (url, headers, body) =>
    new Promise((resolve, reject) => {
      const send = url.startsWith('https:') ? httpsRequest : httpRequest
      const request = send(
        url,
        {
          method: 'POST',
          headers: { ...headers, 'content-length': Buffer.byteLength(body) },
          agent: useAgent(url, { allowIPAddressList: [...allowedAddresses] }),
          signal: AbortSignal.timeout(timeoutMs),
        },
        (response) => {
          response.destroy()
          resolve(response.statusCode ?? 0)
        },
      )
      request.on('error', (error) =>
        reject(
          error.name === 'AbortError' || error.name === 'TimeoutError'
            ? new Error(`no answer within ${timeoutMs / 1000} s`)
            : error,
        ),
      )
      request.end(body)
    })
