/** Between a model in memory and the files of a version that hold it. */
import { versionFiles } from '../contract/index.ts'
import { InvalidInputError, UnsupportedError } from '../errors.ts'
import { decodeLayersJson, encodeLayersJson, modelJsonOf, weightParts } from './layers-json.ts'
import type { GraphArtifact, ModelArtifact, ServableArtifact } from './types.ts'

export const isGraph = (artifact: ServableArtifact): artifact is GraphArtifact => 'graph' in artifact

/** The artifact's own files; signature, preprocessing and labels are the caller's. */
export const filesOfArtifact = (artifact: ServableArtifact): Record<string, Uint8Array> => {
  if (isGraph(artifact)) return { [versionFiles.graph]: artifact.graph }
  const { model, weights } = encodeLayersJson(artifact)
  return { [versionFiles.model]: model, [versionFiles.weights]: weights }
}

/** The same to be written: each in parts that follow each other, where the artifact holds them. */
export const partsOfArtifact = (artifact: ServableArtifact): Record<string, readonly Uint8Array[]> => {
  if (isGraph(artifact)) return { [versionFiles.graph]: [artifact.graph] }
  return { [versionFiles.model]: [modelJsonOf(artifact)], [versionFiles.weights]: weightParts(artifact) }
}

/** The inverse, given the version's paths and a reader of them; InvalidInputError when they do not make a model. */
export const artifactFromFiles = async (
  paths: readonly string[],
  read: (path: string) => Promise<Uint8Array>,
): Promise<ServableArtifact> => {
  if (paths.includes(versionFiles.graph)) return { graph: await read(versionFiles.graph) }
  const missing = [versionFiles.model, versionFiles.weights].find((path) => !paths.includes(path))
  if (missing !== undefined) throw new InvalidInputError(`there is no ${missing}`, { param: missing })
  const [model, weights] = await Promise.all([read(versionFiles.model), read(versionFiles.weights)])
  return decodeLayersJson(model, weights)
}

/** The artifact as layers, for what needs them; `what` is what cannot be done with a graph, e.g. `written as Keras .h5`. */
export const requireLayers = (artifact: ServableArtifact, what: string): ModelArtifact => {
  if (!isGraph(artifact)) return artifact
  throw new UnsupportedError(
    `the model is a graph (it came from a SavedModel or a TF.js graph model): it can be served, but not ${what}; bring the model as Keras .h5 or .keras for that`,
  )
}
