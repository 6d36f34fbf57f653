/** A model behind a service: large batches are cut into several requests to one and the same version. */
import type { Signature, TensorSpec } from '../contract.ts'
import { BadRequestError, MaasError, UnsupportedError } from '../errors.ts'
import { type Input, readInput } from '../inputs.ts'
import { flatten, shapeOf } from '../nested.ts'
import { formatReference, type Reference } from '../reference.ts'
import type { CallOptions, Model, NestedNumbers, PredictInput, Score, Tensor } from '../types.ts'
import { type Chunk, chunksOf } from './chunks.ts'
import { type Answer, type Http, path } from './http.ts'

/** Requests under way at once, for batches that need several. */
const PARALLEL = 4

interface Metadata {
  readonly model_spec: { readonly version: string }
  readonly metadata: {
    readonly signature_def: { readonly signature_def: Readonly<Record<string, { inputs: Infos; outputs: Infos }>> }
  }
}
type Infos = Readonly<Record<string, { dtype: string; tensor_shape: { dim: readonly { size: string }[] } }>>

/** NotFoundError when there is no such model, version or alias. */
export const openRemoteModel = async (http: Http, reference: Reference, options?: CallOptions): Promise<Model> => {
  const metadata = await http.json<Metadata>({ method: 'GET', path: `${address(reference)}/metadata` }, options)
  const signature = metadata.metadata?.signature_def?.signature_def?.serving_default
  if (!signature) {
    throw new MaasError(
      `${http.url} does not describe ${formatReference(reference)} as a maas service does; is the url right?`,
    )
  }
  return new RemoteModel(http, reference, {
    version: Number(metadata.model_spec.version),
    signature: { inputs: specsOf(signature.inputs), outputs: specsOf(signature.outputs) },
  })
}

const address = ({ name, version, alias }: Reference): string => {
  if (version !== undefined) return path`/v1/models/${name}/versions/${version}`
  return alias !== undefined ? path`/v1/models/${name}/labels/${alias}` : path`/v1/models/${name}`
}

const dtypes: Readonly<Record<string, TensorSpec['dtype']>> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_BOOL: 'bool',
  DT_UINT8: 'uint8',
  DT_STRING: 'string',
}

const specsOf = (infos: Infos): TensorSpec[] =>
  Object.entries(infos).map(([name, { dtype, tensor_shape: shape }]) => ({
    name,
    dtype: dtypes[dtype] ?? 'float32',
    shape: shape.dim.map(({ size }) => Number(size)),
  }))

class RemoteModel implements Model {
  readonly name: string
  readonly version: number
  readonly signature: Signature
  readonly labels: readonly string[] = []
  readonly #http: Http
  readonly #reference: Reference
  #disposed = false

  constructor(http: Http, reference: Reference, known: Pick<Model, 'signature'> & { version: number }) {
    this.#http = http
    this.#reference = reference
    this.name = reference.name
    this.version = known.version
    this.signature = known.signature
  }

  async predict(given: PredictInput, options?: CallOptions): Promise<never> {
    const input = await this.#read(given)
    const answers = await this.#ask<{ predictions: NestedNumbers[] }>(':predict', 'instances', input, options)
    const rows = answers.flatMap(({ predictions }) => predictions)
    return this.#shaped(rows, input.kind === 'tensors') as never
  }

  async classify(given: PredictInput, options?: CallOptions): Promise<Score[][]> {
    const input = await this.#read(given)
    const answers = await this.#ask<{ results: [string, number][][] }>(':classify', 'examples', input, options)
    return answers.flatMap(({ results }) =>
      results.map((scores) => scores.map(([label, probability]) => ({ label, probability }))),
    )
  }

  async save(): Promise<never> {
    throw new UnsupportedError(
      `${this.name} runs behind ${this.#http.url}, which does not hand out weights; where the registry is, run npx maas export ${formatReference(this.#reference)} model.h5`,
      { status: 422 },
    )
  }

  async dispose(): Promise<void> {
    this.#disposed = true
  }

  #read(given: PredictInput): Promise<Input> {
    if (this.#disposed) throw new BadRequestError(`${this.name} was disposed of; load it again`)
    return readInput(given, this.signature)
  }

  /** Later requests go to the version that answered the first: an alias may move meanwhile. */
  async #ask<T>(operation: string, field: string, input: Input, options?: CallOptions): Promise<T[]> {
    const chunks = chunksOf(input, field, this.signature)
    const send = (chunk: Chunk, reference: Reference): Promise<Answer> =>
      this.#http.send({ method: 'POST', path: address(reference) + operation, repeatable: 'safe', ...chunk() }, options)
    const [first, ...rest] = chunks
    if (!first) return []
    const answer = await send(first, this.#reference)
    const answered = Number(answer.headers.get('x-maas-model-version'))
    const pinned = answered > 0 ? { name: this.name, version: answered } : this.#reference
    const others: Answer[] = []
    for (let at = 0; at < rest.length; at += PARALLEL) {
      others.push(...(await Promise.all(rest.slice(at, at + PARALLEL).map((chunk) => send(chunk, pinned)))))
    }
    return [answer, ...others].map(({ text }) => JSON.parse(text) as T)
  }

  /** Rows of one output come bare, of several as objects by name; tensors are answered in tensors. */
  #shaped(rows: NestedNumbers[], asTensors: boolean): unknown {
    const names = this.signature.outputs.map(({ name }) => name)
    const tensor = (list: NestedNumbers[]): Tensor => {
      const shape = shapeOf(list)
      return { data: flatten(list, shape), shape }
    }
    const shaped = (list: NestedNumbers[]) => (asTensors ? tensor(list) : list)
    if (names.length === 1) return shaped(rows)
    const named = rows as unknown as readonly Record<string, NestedNumbers>[]
    return Object.fromEntries(names.map((name) => [name, shaped(named.map((row) => row[name] ?? []))]))
  }
}
