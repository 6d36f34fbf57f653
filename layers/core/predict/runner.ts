/** The fastest way this process can run a model: its compiled graph, or operation by operation where it cannot be compiled. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { NamedTensors, Signature } from '@maas/core/contract'
import { UnsupportedError } from '@maas/core/errors'
import { compileInference, type InferenceSession, openSession } from '@maas/core/graph'
import type { Kernels, NativeSurface } from '@maas/core/kernels'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { runLayers } from './eager.ts'

export interface Runner {
  /** Tensors must fit the signature. Leaves no tensor behind. */
  run(tensors: NamedTensors): NamedTensors
  dispose(): void
}

/** TensorFlow loads graphs from a folder only; it is gone as soon as the graph is loaded. */
const openGraph = async (savedModel: Uint8Array, native: NativeSurface): Promise<InferenceSession> => {
  const directory = await mkdtemp(join(tmpdir(), 'maas-graph-'))
  try {
    await writeFile(join(directory, 'saved_model.pb'), savedModel)
    return await openSession(directory, native)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}

/**
 * Takes over the layers model: it is disposed of once it is compiled, or with the runner.
 *
 * @param announce receives a sentence when the model runs several times slower than it could
 */
export const createRunner = async (
  layers: LayersModel,
  signature: Signature,
  kernels: Kernels,
  announce: (line: string) => void,
): Promise<Runner> => {
  const eager = (): Runner => ({
    run: (tensors) => runLayers(layers, signature, tensors, kernels),
    dispose: () => void layers.dispose(),
  })
  // The WASM backend has said already that it is slower.
  if (kernels.native === undefined) return eager()
  try {
    const session = await openGraph(await compileInference(layers, kernels, signature), kernels.native)
    layers.dispose()
    return session
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error
    announce(`Predictions run operation by operation, several times slower than a compiled graph: ${error.message}`)
    return eager()
  }
}
