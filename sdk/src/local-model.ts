/** A model in this process, from a file or a registry folder; core and TensorFlow are loaded only when one is asked for. */
import type { ModelArtifact } from '@maas/core/formats'
import type { Predictor } from '@maas/core/predict'
import { BadRequestError, type ClientError, errorFor } from './errors.ts'
import type { CallOptions } from './http.ts'
import { type Images, type Input, isImages, isTensorLike, readImages, toInstances } from './input.ts'
import type { Answers, Model } from './model.ts'
import type { Reference } from './reference.ts'

/** The same error classes wherever the model runs. */
const asClientError = async (error: unknown): Promise<ClientError | unknown> => {
  const [{ MaasError }, { statusOf }] = await Promise.all([import('@maas/core/errors'), import('@maas/core/contract')])
  if (!(error instanceof MaasError)) return error
  const { code, message, param } = error
  return errorFor(statusOf(code), message, { cause: error, ...(param && { param }) })
}

const translated = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw await asClientError(error)
  }
}

const createLocalModel = (predictor: Predictor, artifact: () => Promise<ModelArtifact>): Model => {
  const run = async (input: Images | Input, at: 'instances' | 'examples', { signal }: CallOptions = {}) => {
    const { decodeRows } = await import('@maas/core/predict')
    const { limits } = await import('@maas/core/contract')
    signal?.throwIfAborted()
    const { signature } = predictor.model
    const [only] = signature.inputs
    if (isImages(input)) return predictor.predict({ kind: 'images', images: await readImages(input) })
    if (isTensorLike(input) && only?.dtype === 'float32' && signature.inputs.length === 1) {
      const data = input.data instanceof Float32Array ? input.data : Float32Array.from(input.data)
      const tensor = { dtype: 'float32' as const, shape: input.shape, data }
      return predictor.predict({ kind: 'tensors', tensors: { [only.name]: tensor } })
    }
    return predictor.predict(decodeRows(await toInstances(input), predictor.model, limits.batchRows, at))
  }
  return {
    name: predictor.model.name,
    signature: async () => predictor.model.signature,
    predict: (input, options) =>
      translated(async () => {
        const { encodePredictions } = await import('@maas/core/predict')
        const { outputs } = await run(input, 'instances', options)
        return encodePredictions(outputs, 'row').predictions as Answers
      }),
    classify: (input, options) =>
      translated(async () => {
        const { rank } = await import('@maas/core/predict')
        return rank(await run(input, 'examples', options)).map((ranked) =>
          ranked.map(([label, probability]) => ({ label, probability })),
        )
      }),
    save: (path) =>
      translated(async () => {
        if (!path.endsWith('.h5')) throw new BadRequestError(`${path}: models are saved as .h5`)
        const { writeFileAtomically, writeKerasH5 } = await import('@maas/core/formats')
        await writeFileAtomically(path, await writeKerasH5(await artifact()))
      }),
    dispose: async () => predictor.dispose(),
  }
}

/** A Keras `.h5` or a TF.js `model.json`, parsed in a process of its own. */
export const loadFile = (path: string): Promise<Model> =>
  translated(async () => {
    const [{ readModelFile }, { createPredictor }, { loadKernels }] = await Promise.all([
      import('@maas/core/formats'),
      import('@maas/core/predict'),
      import('@maas/core/kernels'),
    ])
    const artifact = await readModelFile(path)
    const name = path.replace(/^.*[/\\]/, '')
    const predictor = await createPredictor({ name, version: 1, artifact }, await loadKernels())
    return createLocalModel(predictor, async () => artifact)
  })

/** A version of the registry in `root`. */
export const loadRegistered = (reference: Reference, root: string): Promise<Model> =>
  translated(async () => {
    const [store, { createRegistry }, { loadPredictor }, { loadKernels }, formats, { versionFiles }] =
      await Promise.all([
        import('@maas/core/store'),
        import('@maas/core/registry'),
        import('@maas/core/predict'),
        import('@maas/core/kernels'),
        import('@maas/core/formats'),
        import('@maas/core/contract'),
      ])
    const registry = createRegistry(store.createFileStore(`${root}/store`))
    const manifest = await registry.manifest(reference.name, await registry.resolve(reference))
    const predictor = await loadPredictor(registry, manifest, await loadKernels())
    const read = (path: string): Promise<Uint8Array> => registry.file(manifest, path)
    return createLocalModel(predictor, async () =>
      formats.decodeLayersJson(await read(versionFiles.model), await read(versionFiles.weights)),
    )
  })
