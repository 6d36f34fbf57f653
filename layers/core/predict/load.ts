/** A version's files out of the registry into a predictor. */
import { type Manifest, preprocessSchema, versionFiles } from '@maas/core/contract'
import { InvalidInputError, messageOf, StorageError } from '@maas/core/errors'
import { decodeLayersJson } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import type { Registry } from '@maas/core/registry'
import { z } from 'zod'
import { createPredictor, type Predictor } from './predictor.ts'

/** StorageError when a file is missing or damaged; UnsupportedError when the model cannot run here. */
export const loadPredictor = async (
  registry: Registry,
  manifest: Manifest,
  kernels: Kernels,
  announce?: (line: string) => void,
): Promise<Predictor> => {
  const { name, version } = manifest
  const damaged = (path: string, cause: unknown): StorageError =>
    new StorageError(`${path} of ${name}:${version} is damaged: ${messageOf(cause)}`, { cause })
  const read = async (path: string): Promise<Uint8Array | undefined> =>
    manifest.files.some((file) => file.path === path) ? registry.file(manifest, path) : undefined
  const json = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const bytes = await read(path)
    if (bytes === undefined) return undefined
    try {
      return schema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    } catch (cause) {
      throw damaged(path, cause)
    }
  }
  const [model, weights, preprocess, labels] = await Promise.all([
    read(versionFiles.model),
    read(versionFiles.weights),
    json(versionFiles.preprocess, preprocessSchema),
    json(versionFiles.labels, z.array(z.string())),
  ])
  if (model === undefined || weights === undefined) {
    throw new StorageError(`${name}:${version} has no ${versionFiles.model} or ${versionFiles.weights}`)
  }
  try {
    const artifact = decodeLayersJson(model, weights)
    const parts = { name, version, artifact, ...(preprocess && { preprocess }), ...(labels && { labels }) }
    return await createPredictor(parts, kernels, announce)
  } catch (cause) {
    // What is wrong with a stored model is no fault of whoever asks for a prediction.
    throw cause instanceof InvalidInputError ? damaged(versionFiles.model, cause) : cause
  }
}
