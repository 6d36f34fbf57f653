/** A model as the folder of a SavedModel: what TensorFlow, TensorFlow Serving and `tf.saved_model.load` run without Keras. */
import { MaasError, UnsupportedError } from '../../errors.ts'
import { toLayersModel } from '../layers-model.ts'
import { signatureOf } from '../layers-signature.ts'
import type { ServableArtifact } from '../types.ts'
import { isGraph } from '../version-files.ts'
import type { WriterDeps } from '../writers.ts'

/**
 * Weights are constants of the graph, so the folder has no `variables/`, and what it holds cannot be trained further.
 * UnsupportedError says what of the model cannot be compiled, also where there are no native kernels to compile it.
 */
export const writeSavedModelFolder = async (
  artifact: ServableArtifact,
  deps: WriterDeps,
): Promise<Record<string, Uint8Array>> => ({
  'saved_model.pb': isGraph(artifact) ? artifact.graph : await compiled(artifact, deps),
})

const compiled = async (artifact: Exclude<ServableArtifact, { graph: unknown }>, { kernels, compile }: WriterDeps) => {
  const loaded = await kernels()
  const layers = await toLayersModel(artifact, loaded)
  try {
    return await compile(layers, loaded, signatureOf(layers))
  } catch (cause) {
    if (!(cause instanceof MaasError) || cause.code !== 'unsupported') throw cause
    throw new UnsupportedError(`cannot be written as a SavedModel: ${cause.message} Write it as .h5 or .keras.`, {
      cause,
    })
  } finally {
    layers.dispose()
  }
}
