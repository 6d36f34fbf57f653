/** Who may talk to a service on this machine: a page in a browser must not reach it through a name it rebinds, nor post to it unseen. */
import { isIP } from 'node:net'
import { HttpError } from '@maas/core/contract'
import { MaasError } from '@maas/core/errors'
import type { RequestHead } from '@maas/core/http'

/**
 * Refuses requests whose Host is not one of ours (DNS rebinding needs a name that belongs to the attacker), and
 * writes whose Origin is another site's. On loopback only loopback addresses are taken, elsewhere any address.
 */
export const createGuard = (host: string, allowed: readonly string[]): ((request: RequestHead) => void) => {
  const names = new Set(['localhost', host, ...allowed].map((name) => name.toLowerCase()))
  const loopback = isLoopback(host)
  const isOurs = (name: string): boolean => names.has(name) || (isIP(name) !== 0 && (!loopback || isLoopback(name)))

  /** The last that was ours: nearly always the next one's too. */
  let known: string | undefined

  return (request) => {
    const given = request.headers.get('host') ?? ''
    if (given !== known) {
      const name = hostName(`http://${given}`)
      if (name === undefined || !isOurs(name)) {
        throw new HttpError(
          421,
          `host: got ${JSON.stringify(given.slice(0, 100))}; this service answers to ${[...names].join(', ')} and its address. Name further hosts at its start with --allow-host.`,
        )
      }
      known = given
    }
    if (request.method === 'GET' || request.method === 'HEAD') return
    const origin = request.headers.get('origin')
    if (origin === null) return
    const site = hostName(origin)
    if (site === undefined || !isOurs(site)) {
      throw new MaasError(
        'forbidden',
        `origin: got ${JSON.stringify(origin.slice(0, 100))}; pages of other sites may not change anything here.`,
      )
    }
  }
}

export const isLoopback = (name: string): boolean =>
  name === 'localhost' || name === '::1' || (isIP(name) === 4 && name.startsWith('127.'))

/** Lower case, without port and brackets. */
const hostName = (url: string): string | undefined =>
  URL.canParse(url) ? new URL(url).hostname.replace(/^\[|\]$/g, '') : undefined
