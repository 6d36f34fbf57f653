/** Registered models. */
import type { ModelSummary } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import type { CallOptions } from '../types.ts'

export class Models {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** All models with their versions and aliases. */
  async list(options?: CallOptions): Promise<ModelSummary[]> {
    return (await this.#http.json<{ models: ModelSummary[] }>({ method: 'GET', path: '/models' }, options)).models
  }

  /** One model with its versions and aliases. */
  get(model: string, options?: CallOptions): Promise<ModelSummary> {
    return this.#http.json({ method: 'GET', path: path`/models/${model}` }, options)
  }
}
