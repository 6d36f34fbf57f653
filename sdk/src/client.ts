/** A service as an object: its models, versions and aliases, one class per noun. */
import { resolveService } from './environment.ts'
import { ConnectionError } from './errors.ts'
import { parseReference } from './reference.ts'
import { type CallAnswer, type CallInput, callOperation, type Operation } from './remote/call.ts'
import { type ClientOptions, Http } from './remote/http.ts'
import { openRemoteModel } from './remote/model.ts'
import { Aliases } from './resources/aliases.ts'
import { Imports } from './resources/imports.ts'
import { Jobs } from './resources/jobs.ts'
import { Keys } from './resources/keys.ts'
import { Models } from './resources/models.ts'
import { Transforms } from './resources/transforms.ts'
import { Uploads } from './resources/uploads.ts'
import { Versions } from './resources/versions.ts'
import type { CallOptions, Model } from './types.ts'

/**
 * @example
 * const maas = new Maas({ url: 'http://127.0.0.1:8501' })
 * await maas.aliases.set('cifar10', 'production', 2, { reason: 'better on the test set' })
 */
export class Maas {
  readonly models: Models
  readonly versions: Versions
  readonly aliases: Aliases
  readonly imports: Imports
  readonly uploads: Uploads
  readonly jobs: Jobs
  readonly keys: Keys
  readonly transforms: Transforms
  readonly #http: Http

  /** `url` and `apiKey` default to MAAS_URL and MAAS_API_KEY, and then to what `maas login` stored. */
  constructor(options: Partial<ClientOptions> = {}) {
    const service = resolveService(options)
    if (service === undefined) {
      throw new ConnectionError('no service is named: give { url }, set MAAS_URL, or run npx maas login')
    }
    this.#http = new Http({ ...options, ...service })
    this.models = new Models(this.#http)
    this.versions = new Versions(this.#http)
    this.aliases = new Aliases(this.#http)
    this.imports = new Imports(this.#http)
    this.uploads = new Uploads(this.#http)
    this.jobs = new Jobs(this.#http)
    this.keys = new Keys(this.#http)
    this.transforms = new Transforms(this.#http)
  }

  /** Whether the service is up, and which versions it holds in memory. */
  health(options?: CallOptions): Promise<{ status: 'ok'; loaded: string[] }> {
    return this.#http.json({ method: 'GET', path: '/healthz' }, options)
  }

  /**
   * Any route by the operation id that it has in OpenAPI; input and answer have the types that stand there.
   *
   * @example
   * const job = await maas.call('describeTrainingJob', { path: { job: 'cifar10-1' } })
   */
  call<Name extends Operation>(
    operation: Name,
    input: CallInput<Name>,
    options?: CallOptions,
  ): Promise<CallAnswer<Name>> {
    return callOperation(this.#http, operation, input, options)
  }

  /** A model to predict with: `name`, `name@alias` or `name:version`. */
  async load(name: string, options?: CallOptions): Promise<Model> {
    return openRemoteModel(this.#http, parseReference(name), options)
  }
}
