/** The fastest way this process can run a model: its compiled graph, or operation by operation where it cannot be compiled. */
import { availableParallelism } from 'node:os'
import type { NamedTensors, Signature } from '@maas/core/contract'
import { UnsupportedError } from '@maas/core/errors'
import { compileSession } from '@maas/core/graph'
import type { Kernels } from '@maas/core/kernels'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { runLayers } from './eager.ts'

export interface Runner {
  /** Tensors must fit the signature. Leaves no tensor behind. */
  run(tensors: NamedTensors): Promise<NamedTensors>
  /** Whether rows of several callers may share a run. */
  readonly rowsIndependent: boolean
  /** The graph it runs, where there is one. */
  readonly graph?: Uint8Array
  dispose(): void
}

export interface RunnerOptions {
  /** Receives a sentence when the model runs several times slower than it could. */
  readonly announce: (line: string) => void
  /** Most rows of requests that came together and share a run. @default 1: each has its own */
  readonly batchRows?: number | undefined
  /** Threads this process may use. @default all of the machine, or of the container */
  readonly threads?: number | undefined
  /** Receives a graph before it is known to be right. */
  readonly written?: ((graph: Uint8Array) => void) | undefined
}

/** Takes over the layers model: it is disposed of once it is compiled, or with the runner. */
export const createRunner = async (
  layers: LayersModel,
  signature: Signature,
  kernels: Kernels,
  { announce, threads = availableParallelism(), written }: RunnerOptions,
): Promise<Runner> => {
  const eager = (): Runner => ({
    run: async (tensors) => runLayers(layers, signature, tensors, kernels),
    rowsIndependent: false,
    dispose: () => void layers.dispose(),
  })
  // The WASM backend has said already that it is slower.
  if (kernels.native === undefined) return eager()
  try {
    const { graph, session } = await compileSession(layers, kernels, signature, { threads, written })
    layers.dispose()
    return { ...session, graph }
  } catch (error) {
    if (!(error instanceof UnsupportedError)) throw error
    announce(`Predictions run operation by operation, several times slower than a compiled graph: ${error.message}`)
    return eager()
  }
}
