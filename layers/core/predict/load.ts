/** A version's files out of the registry into a predictor. */
import { type Manifest, preprocessSchema, versionFiles } from '@maas/core/contract'
import { StorageError } from '@maas/core/errors'
import { decodeLayersJson } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import type { Registry } from '@maas/core/registry'
import { z } from 'zod'
import { createPredictor, type Predictor } from './predictor.ts'

/** StorageError when a file is missing or damaged. */
export const loadPredictor = async (registry: Registry, manifest: Manifest, kernels: Kernels): Promise<Predictor> => {
  const read = async (path: string): Promise<Uint8Array | undefined> =>
    manifest.files.some((file) => file.path === path) ? registry.file(manifest, path) : undefined
  const json = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const bytes = await read(path)
    if (bytes === undefined) return undefined
    try {
      return schema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    } catch (cause) {
      throw new StorageError(`${path} of ${manifest.name}:${manifest.version} is not what it should be`, { cause })
    }
  }
  const [model, weights, preprocess, labels] = await Promise.all([
    read(versionFiles.model),
    read(versionFiles.weights),
    json(versionFiles.preprocess, preprocessSchema),
    json(versionFiles.labels, z.array(z.string())),
  ])
  if (model === undefined || weights === undefined) {
    throw new StorageError(
      `${manifest.name}:${manifest.version} has no ${versionFiles.model} or ${versionFiles.weights}`,
    )
  }
  return createPredictor(
    {
      name: manifest.name,
      version: manifest.version,
      artifact: decodeLayersJson(model, weights),
      ...(preprocess && { preprocess }),
      ...(labels && { labels }),
    },
    kernels,
  )
}
