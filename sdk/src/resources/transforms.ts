/** Transform jobs of a service: predictions for all of a data set. */
import type { TransformDescription, TransformDocument, TransformList } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import type { CallOptions } from '../types.ts'

/** Milliseconds that reading all predictions may take. */
const outputTimeout = 15 * 60_000

export class Transforms {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** The same document again is the same job. ConflictError for a name that another one has. */
  create(document: TransformDocument, options?: CallOptions): Promise<TransformDescription> {
    const json = JSON.stringify(document)
    return this.#http.json({ method: 'POST', path: '/transform-jobs', json, repeatable: 'safe' }, options)
  }

  /** How far it is, and the first inputs that failed. */
  get(name: string, options?: CallOptions): Promise<TransformDescription> {
    return this.#http.json({ method: 'GET', path: path`/transform-jobs/${name}` }, options)
  }

  /** The newest ten. */
  list(options?: CallOptions): Promise<TransformList> {
    return this.#http.json({ method: 'GET', path: '/transform-jobs' }, options)
  }

  /** Asks it to end; what is predicted by then can be read. */
  stop(name: string, options?: CallOptions): Promise<TransformDescription> {
    return this.#http.json({ method: 'POST', path: path`/transform-jobs/${name}/stop` }, options)
  }

  /** Lines of JSON or CSV, one for each input that was predicted. */
  async output(name: string, options?: CallOptions): Promise<string> {
    const request = { method: 'GET', path: path`/transform-jobs/${name}/output` } as const
    return (await this.#http.send(request, { timeout: outputTimeout, ...options })).text
  }
}
