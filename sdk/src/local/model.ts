/** A model in this process: core and its kernels are loaded with the first one. */
import { basename, join } from 'node:path'
import type { NamedTensors, TensorData } from '@maas/core/contract'
import type { ServableArtifact } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import type { PredictInput as CoreInput, Predictor } from '@maas/core/predict'
import { AbortedError, BadRequestError } from '../errors.ts'
import { type Input, readInput } from '../inputs.ts'
import { customLayers } from '../layers.ts'
import { toNested } from '../nested.ts'
import { type Reference, saveFormat } from '../reference.ts'
import type { CallOptions, LocalOptions, Model, PredictInput, SaveOptions, Score, Tensor } from '../types.ts'
import { translated } from './errors.ts'

/** A model file, converted exactly or refused. */
export const openFile = (
  path: string,
  { labels, kernels: prefer, signal, topology }: LocalOptions = {},
): Promise<Model> =>
  translated(async () => {
    const { installCustomLayers, readModel } = await import('@maas/core/formats')
    const custom = customLayers()
    const { artifact, preprocess } = await readModel(path, {
      custom,
      ...(signal && { signal }),
      ...(topology !== undefined && { topology }),
    })
    const kernels = await loadKernels(prefer)
    installCustomLayers(kernels.tf, custom)
    const { createPredictor } = await import('@maas/core/predict')
    const predictor = await createPredictor(
      { name: basename(path), version: 1, artifact, ...(preprocess && { preprocess }), ...(labels && { labels }) },
      kernels,
    )
    return new LocalModel(predictor, undefined, async () => artifact)
  })

/** A version of the registry on this machine. */
export const openRegistered = (
  reference: Reference,
  { root = './.maas', kernels: prefer }: LocalOptions = {},
): Promise<Model> =>
  translated(async () => {
    const [{ createFileStore }, { createRegistry }, { loadPredictor }] = await Promise.all([
      import('@maas/core/store'),
      import('@maas/core/registry'),
      import('@maas/core/predict'),
    ])
    const registry = createRegistry(createFileStore(join(root, 'store')))
    const manifest = await registry.manifest(reference.name, await registry.resolve(reference))
    const { lazyKernels } = await import('@maas/core/kernels/sessions')
    const predictor = await loadPredictor(registry, manifest, lazyKernels({ prefer }))
    return new LocalModel(predictor, manifest.version, async () => {
      const { artifactFromFiles } = await import('@maas/core/formats')
      const paths = manifest.files.map(({ path }) => path)
      return artifactFromFiles(paths, (path) => registry.file(manifest, path))
    })
  })

const loadKernels = async (prefer: LocalOptions['kernels']): Promise<Kernels> =>
  (await import('@maas/core/kernels')).loadKernels({ prefer })

class LocalModel implements Model {
  readonly version: number | undefined
  readonly #predictor: Predictor
  readonly #artifact: () => Promise<ServableArtifact>
  #disposed = false

  constructor(predictor: Predictor, version: number | undefined, artifact: () => Promise<ServableArtifact>) {
    this.#predictor = predictor
    this.version = version
    this.#artifact = artifact
  }

  get name() {
    return this.#predictor.model.name
  }

  get signature() {
    return this.#predictor.model.signature
  }

  get labels() {
    return this.#predictor.model.labels
  }

  async predict(given: PredictInput, options: CallOptions = {}): Promise<never> {
    const input = await this.#read(given, options)
    const { outputs } = await translated(() => this.#run(input))
    const shaped = (tensor: TensorData) =>
      input.kind === 'tensors' ? { data: tensor.data, shape: [...tensor.shape] } : toNested(tensor as Tensor)
    const [only, ...others] = Object.entries(outputs)
    if (only && others.length === 0) return shaped(only[1]) as never
    return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, shaped(tensor)])) as never
  }

  async classify(given: PredictInput, options: CallOptions = {}): Promise<Score[][]> {
    const input = await this.#read(given, options)
    return translated(async () => {
      const { rank } = await import('@maas/core/predict')
      const ranked = rank(await this.#run(input))
      return ranked.map((scores) => scores.map(([label, probability]) => ({ label, probability })))
    })
  }

  async save(path: string, { format = saveFormat(path) }: SaveOptions = {}): Promise<void> {
    this.#checkAlive()
    await translated(async () => {
      const { writeModel } = await import('@maas/core/formats')
      const { writerDeps } = await import('./writer-deps.ts')
      await writeModel(path, format, await this.#artifact(), writerDeps())
    })
  }

  async dispose(): Promise<void> {
    if (!this.#disposed) this.#predictor.dispose()
    this.#disposed = true
  }

  async #read(given: PredictInput, { signal }: CallOptions): Promise<Input> {
    this.#checkAlive()
    const input = await readInput(given, this.signature)
    if (signal?.aborted) throw new AbortedError('the call was aborted', { cause: signal.reason })
    return input
  }

  #checkAlive(): void {
    if (this.#disposed) throw new BadRequestError(`${this.name} was disposed of; load it again`)
  }

  async #run(input: Input) {
    return this.#predictor.predict(await coreInput(input, this.#predictor))
  }
}

/** Lists are read by the very code that reads a request's body. */
const coreInput = async (input: Input, { model }: Predictor): Promise<CoreInput> => {
  switch (input.kind) {
    case 'images':
    case 'rows':
      return input
    case 'tensors':
      return { kind: 'tensors', tensors: withDtypes(input.tensors, model.signature.inputs) }
    case 'lists': {
      const { decodePredict } = await import('@maas/core/predict')
      const names = Object.keys(input.lists)
      const bare = model.signature.inputs.length === 1 && names.length === 1
      const inputs = bare ? input.lists[names[0] ?? ''] : input.lists
      return decodePredict({ inputs }, model, Number.POSITIVE_INFINITY).input
    }
  }
}

/** Numbers are taken as what the model asks for: whole numbers where it takes float32 are no mistake. */
const withDtypes = (
  tensors: Readonly<Record<string, Tensor>>,
  inputs: Predictor['model']['signature']['inputs'],
): NamedTensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, { data, shape }]) => {
      const dtype = inputs.find((spec) => spec.name === name)?.dtype ?? 'float32'
      if (dtype === 'float32' && !(data instanceof Float32Array))
        return [name, { dtype, shape, data: Float32Array.from(data) }]
      if (dtype === 'int32' && data instanceof Uint8Array) return [name, { dtype, shape, data: Int32Array.from(data) }]
      const own =
        data instanceof Float32Array
          ? 'float32'
          : data instanceof Int32Array
            ? 'int32'
            : dtype === 'bool'
              ? 'bool'
              : 'uint8'
      return [name, { dtype: own, shape, data }]
    }),
  )
