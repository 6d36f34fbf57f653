/** The model that training starts from, as files of a job's folder: layers and weights, and the optimiser's state where it is known. */
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { versionFiles } from '@maas/core/contract'
import { InvalidInputError, messageOf } from '@maas/core/errors'
import { artifactFromFiles, filesOfArtifact, type ModelArtifact, requireLayers } from '@maas/core/formats'
import { decodeOptimizer, encodeOptimizer, type OptimizerState } from '@maas/core/train'

export interface Start {
  readonly artifact: ModelArtifact
  readonly optimizer?: OptimizerState
  /** Of weights and optimiser together. */
  readonly fingerprint: string
}

export const startFiles = (artifact: ModelArtifact, optimizer?: OptimizerState): Record<string, Uint8Array> => ({
  ...filesOfArtifact(artifact),
  ...(optimizer && { [versionFiles.optimizer]: encodeOptimizer(optimizer) }),
})

/** Undefined where there is none. */
export const readStart = async (folder: string): Promise<Start | undefined> => {
  const read = (name: string) =>
    readFile(join(folder, name)).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return undefined
      throw new InvalidInputError(`${join(folder, name)} cannot be read: ${messageOf(cause)}`, { cause, param: 'from' })
    })
  const [model, weights, slots] = await Promise.all(
    [versionFiles.model, versionFiles.weights, versionFiles.optimizer].map((name) => read(name)),
  )
  if (!model || !weights) return undefined
  const paths: Record<string, Uint8Array> = { [versionFiles.model]: model, [versionFiles.weights]: weights }
  const artifact = await artifactFromFiles(Object.keys(paths), async (path) => paths[path] as Uint8Array)
  return {
    artifact: requireLayers(artifact, 'trained'),
    ...(slots && { optimizer: decodeOptimizer(slots) }),
    fingerprint: createHash('sha256')
      .update(weights)
      .update(slots ?? '')
      .digest('hex'),
  }
}
