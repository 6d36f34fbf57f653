/** The parity certificate of a model at its origin: golden tensors by the reference path, replayed on the compiled graph that will serve. */
import { type GoldenTensors, replayGolden } from '@maas/core/certificate'
import type { Replay, Signature } from '@maas/core/contract'
import { InvalidInputError, messageOf } from '@maas/core/errors'
import { isGraph, type ServableArtifact, signatureOf, toLayersModel } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import { createArtifactRunner } from './artifact-runner.ts'
import { runLayers } from './eager.ts'
import { createRunner, type RunnerOptions } from './runner.ts'

export interface CertifyDeps {
  readonly kernels: Kernels
  readonly now: () => Date
  /** Receives the graph of layers as soon as there is one; only what `certify` returns is known to be right. */
  readonly written?: ((graph: Uint8Array) => void) | undefined
}

export interface Certified {
  readonly signature: Signature
  /** Of layers; a graph does not tell. */
  readonly parameters: number | undefined
  /** What a person should know: why there is no certificate, why the model runs slowly. */
  readonly notes: readonly string[]
  readonly golden: GoldenTensors | undefined
  readonly replay: Replay | undefined
  readonly rowsIndependent: boolean
  readonly graph?: Uint8Array
}

/** Answers of the eager path. */
export type Reference = (inputs: GoldenTensors['inputs']) => Promise<GoldenTensors['outputs']>

/**
 * Builds the model, makes its goldens by the reference path, compiles it, and replays them on what will serve. Without goldens, of
 * which a note says why, there is no replay. InvalidInputError of `goldens` is passed on.
 */
export const certify = async (
  artifact: ServableArtifact,
  { kernels, now, written }: CertifyDeps,
  goldens: (signature: Signature, reference: Reference) => Promise<GoldenTensors>,
): Promise<Certified> => {
  const notes: string[] = []
  const announce = (line: string): void => void notes.push(line)
  const make = (signature: Signature, reference: Reference) =>
    goldens(signature, reference).catch((error: unknown) => {
      // Examples made up may not be what the model takes; a person's own must be.
      if (error instanceof InvalidInputError) throw error
      notes.push(`There is no parity certificate: ${messageOf(error)}`)
      return undefined
    })
  const { runner, signature, golden, parameters } = isGraph(artifact)
    ? await prepareGraph(artifact, kernels, announce, make)
    : await prepareLayers(artifact, kernels, { announce, written }, make)
  try {
    const mode = runner.graph === undefined && !isGraph(artifact) ? 'eager' : 'compiled'
    const replay = golden && (await replayGolden(golden, { run: runner.run, mode, kernels: kernels.id, now }))
    const { graph, rowsIndependent } = runner
    return { signature, parameters, notes, golden, replay, rowsIndependent, ...(graph && { graph }) }
  } finally {
    runner.dispose()
  }
}

type Make = (signature: Signature, reference: Reference) => Promise<GoldenTensors | undefined>

/** A graph has no other path to hold it against: its own answers here are what other kernels must give. */
const prepareGraph = async (
  artifact: ServableArtifact,
  kernels: Kernels,
  announce: (line: string) => void,
  make: Make,
) => {
  const { runner, signature } = await createArtifactRunner(artifact, kernels, { announce })
  const golden = await make(signature, async (inputs) => runner.run(inputs))
  return { runner, signature, golden, parameters: undefined }
}

const prepareLayers = async (
  artifact: Parameters<typeof toLayersModel>[0],
  kernels: Kernels,
  { announce, written }: Pick<RunnerOptions, 'announce' | 'written'>,
  make: Make,
) => {
  const layers = await toLayersModel(artifact, kernels)
  const signature = signatureOf(layers)
  const parameters = layers.countParams()
  const golden = await make(signature, async (inputs) => runLayers(layers, signature, inputs, kernels))
  // One thread is enough for a few rows; with more, a large graph is opened twice to see which way is faster.
  const runner = await createRunner(layers, signature, kernels, { announce, threads: 1, written })
  return { runner, signature, golden, parameters }
}
