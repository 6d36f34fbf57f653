/** Any artifact into something that runs: layers are compiled where they can be, a graph goes to TensorFlow as it is. */
import type { Signature } from '@maas/core/contract'
import { KernelError } from '@maas/core/errors'
import { type GraphArtifact, isGraph, type ServableArtifact, signatureOf, toLayersModel } from '@maas/core/formats'
import { type InferenceSession, openGraphSession } from '@maas/core/graph'
import type { Kernels } from '@maas/core/kernels'
import { createRunner, type Runner, type RunnerOptions } from './runner.ts'

/** A runner, what it takes and gives, and the bytes of its weights. */
export interface ArtifactRunner {
  readonly runner: Runner
  readonly signature: Signature
  readonly bytes: number
}

/** KernelError where there are no native kernels. */
export const openGraph = ({ graph }: GraphArtifact, { native }: Kernels): InferenceSession => {
  if (native !== undefined) return openGraphSession(graph, native)
  throw new KernelError(
    'The model is a graph, which only the native kernels run; this process has the WASM backend. Fix: npm run build:kernels',
  )
}

/** KernelError for a graph where there are no native kernels; UnsupportedError for a model that cannot run here. */
export const createArtifactRunner = async (
  artifact: ServableArtifact,
  kernels: Kernels,
  options: RunnerOptions,
): Promise<ArtifactRunner> => {
  if (isGraph(artifact)) {
    const session = openGraph(artifact, kernels)
    return { runner: session, signature: session.signature, bytes: artifact.graph.byteLength }
  }
  const layers = await toLayersModel(artifact, kernels)
  const signature = signatureOf(layers)
  const bytes = artifact.weights.reduce((sum, { data }) => sum + data.byteLength, 0)
  return { runner: await createRunner(layers, signature, kernels, options), signature, bytes }
}
