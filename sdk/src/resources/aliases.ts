/** Aliases of a model: names for one version, or for a weighted split of several. */
import type { AliasRecord, AliasTarget } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import type { CallOptions } from '../types.ts'

export interface AliasChange {
  /** Kept in the alias's history. */
  readonly reason?: string
  /** Fails with a ConflictError when the alias is not at this generation any more. */
  readonly generation?: number
  /** A version that is asked too, out of the callers' sight; null ends it. */
  readonly shadow?: number | null
}

export class Aliases {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** All aliases with their history. */
  async list(model: string, options?: CallOptions): Promise<AliasRecord[]> {
    const request = { method: 'GET', path: path`/models/${model}/aliases` } as const
    return (await this.#http.json<{ aliases: AliasRecord[] }>(request, options)).aliases
  }

  /** One alias with its history. */
  get(model: string, alias: string, options?: CallOptions): Promise<AliasRecord> {
    return this.#http.json({ method: 'GET', path: path`/models/${model}/aliases/${alias}` }, options)
  }

  /** Creates or moves it, to a version or to weighted targets (weights are percent). */
  set(
    model: string,
    alias: string,
    to: number | readonly AliasTarget[],
    { reason, generation, shadow }: AliasChange = {},
    options?: CallOptions,
  ): Promise<AliasRecord> {
    const headers = generation === undefined ? {} : { 'if-match': `"${generation}"` }
    const json = JSON.stringify({ ...(typeof to === 'number' ? { version: to } : { targets: to }), reason, shadow })
    return this.#http.json({ method: 'PUT', path: path`/models/${model}/aliases/${alias}`, json, headers }, options)
  }

  /** The versions it pointed at stay. */
  async delete(model: string, alias: string, options?: CallOptions): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: path`/models/${model}/aliases/${alias}` }, options)
  }
}
