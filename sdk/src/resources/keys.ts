/** API keys of a service: who may call it, for what, and how much. */
import type { ApiKey, KeySummary } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import type { CallOptions } from '../types.ts'

/** `key` is shown this one time. */
export type CreatedKey = KeySummary & { readonly key: string }

export class Keys {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** All keys with their limits and what they used this month. */
  async list(options?: CallOptions): Promise<KeySummary[]> {
    return (await this.#http.json<{ keys: KeySummary[] }>({ method: 'GET', path: '/keys' }, options)).keys
  }

  create(key: ApiKey, options?: CallOptions): Promise<CreatedKey> {
    return this.#http.json({ method: 'POST', path: '/keys', json: JSON.stringify(key) }, options)
  }

  /** `id` may be the first characters of a key's hash. */
  async revoke(id: string, options?: CallOptions): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: path`/keys/${id}` }, options)
  }
}
