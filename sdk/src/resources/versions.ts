/** Versions of a model: immutable, numbered from 1. */
import type { Certificate, Conversion, Evaluation, Manifest } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import type { CallOptions } from '../types.ts'

export class Versions {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** Manifests, newest first. */
  async list(model: string, options?: CallOptions): Promise<Manifest[]> {
    const request = { method: 'GET', path: path`/models/${model}/versions` } as const
    return (await this.#http.json<{ versions: Manifest[] }>(request, options)).versions
  }

  /** Files and their hashes, metrics, lineage. */
  get(model: string, version: number, options?: CallOptions): Promise<Manifest> {
    return this.#http.json({ method: 'GET', path: path`/models/${model}/versions/${version}` }, options)
  }

  /** What evaluation measured. */
  evaluation(model: string, version: number, options?: CallOptions): Promise<Evaluation> {
    return this.#http.json({ method: 'GET', path: path`/models/${model}/versions/${version}/evaluation` }, options)
  }

  /** The evaluation as a self-contained HTML page. */
  async report(model: string, version: number, options?: CallOptions): Promise<string> {
    const request = {
      method: 'GET',
      path: path`/models/${model}/versions/${version}/report`,
      headers: { accept: 'text/html' },
    } as const
    return (await this.#http.send(request, options)).text
  }

  /** What became of each layer of an imported model. */
  conversion(model: string, version: number, options?: CallOptions): Promise<Conversion> {
    return this.#http.json({ method: 'GET', path: path`/models/${model}/versions/${version}/conversion` }, options)
  }

  /** Its parity certificate: golden inputs and outputs, and what replaying them showed. */
  certificate(model: string, version: number, options?: CallOptions): Promise<Certificate> {
    return this.#http.json({ method: 'GET', path: path`/models/${model}/versions/${version}/certificate` }, options)
  }

  /** Replays its certificate on the service's kernels; behind AWS the answer may be from before. */
  verify(model: string, version: number, options?: CallOptions): Promise<Certificate> {
    const request = { method: 'POST', path: path`/models/${model}/versions/${version}/certificate` } as const
    return this.#http.json({ ...request, repeatable: 'safe' }, { timeout: 300_000, ...options })
  }

  /** ConflictError while an alias points at it. */
  async delete(model: string, version: number, options?: CallOptions): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: path`/models/${model}/versions/${version}` }, options)
  }
}
