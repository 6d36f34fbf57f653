/** Versions: numbered, immutable, whole or not there at all. */
import { type Manifest, manifestSchema } from '../contract/index.ts'
import { ConflictError, type NotFoundError, StorageError } from '../errors.ts'
import type { ObjectInfo } from '../store/index.ts'
import { contentOf, withBlobs } from './blobs.ts'
import { type Context, each, foldersBelow, fromJson, ifFound, objectsBelow, toJson } from './context.ts'
import { manifestKey, modelOf, modelsPrefix, versionOf, versionsPrefix } from './layout.ts'
import { noModel, noVersion } from './missing.ts'
import type { VersionToRegister } from './types.ts'

export interface Versions {
  register(name: string, version: VersionToRegister): Promise<Manifest>
  /** Names of all models that have a version, in order. */
  models(): Promise<readonly string[]>
  /** Living version numbers, ascending; NotFoundError when there is none. */
  numbers(name: string): Promise<readonly number[]>
  isLive(name: string, version: number): Promise<boolean>
  manifest(name: string, version: number): Promise<Manifest>
  /** Ascending. */
  manifests(name: string): Promise<readonly Manifest[]>
  /** Leaves an empty manifest behind: the number is never given again. NotFoundError when there is no such version. */
  erase(name: string, version: number): Promise<void>
}

/** More rivals than this for one number mean that something else is wrong. */
const MAX_ATTEMPTS = 10_000

export const createVersions = (context: Context): Versions => {
  const { store, now } = context
  /** Manifests never change, so one that was read with this etag need not be read again. */
  const known = new Map<string, { readonly etag: string; readonly manifest: Manifest }>()

  /** All manifests ever made, those of deleted versions too. */
  const taken = async (name: string): Promise<readonly (ObjectInfo & { readonly version: number })[]> => {
    const found = []
    for await (const info of objectsBelow(store, versionsPrefix(name))) {
      const version = versionOf(info.key)
      if (version !== undefined && info.key === manifestKey(name, version)) found.push({ ...info, version })
    }
    return found.sort((a, b) => a.version - b.version)
  }

  const living = async (name: string) => (await taken(name)).filter(({ size }) => size > 0)

  const models = async (): Promise<readonly string[]> => {
    const names: string[] = []
    for await (const folder of foldersBelow(store, modelsPrefix)) {
      const name = modelOf(folder)
      if (name !== undefined) names.push(name)
    }
    const live = await each(names, async (name) => (await living(name)).length > 0)
    return names.filter((_, index) => live[index])
  }

  const numbers = async (name: string): Promise<readonly number[]> => {
    const found = await living(name)
    if (found.length === 0) throw noModel(name, await models())
    return found.map(({ version }) => version)
  }

  const missing = async (name: string, version: number): Promise<NotFoundError> =>
    noVersion(name, version, await numbers(name))

  const read = async (
    name: string,
    version: number,
  ): Promise<{ readonly manifest: Manifest; readonly etag: string }> => {
    const key = manifestKey(name, version)
    const found = await ifFound(store.get(key))
    if (found === undefined || found.body.length === 0) throw await missing(name, version)
    const manifest = fromJson(manifestSchema, found.body, key)
    if (manifest.name !== name || manifest.version !== version) {
      throw new StorageError(
        `"${key}" is damaged: it describes ${manifest.name}:${manifest.version}; restore it from a backup`,
      )
    }
    known.set(key, { etag: found.info.etag, manifest })
    return { manifest, etag: found.info.etag }
  }

  /** Undefined when the version was deleted since it was listed. */
  const recall = async (name: string, { key, etag, version }: Awaited<ReturnType<typeof taken>>[number]) => {
    const seen = known.get(key)
    if (seen?.etag === etag) return seen.manifest
    return (await ifFound(read(name, version)))?.manifest
  }

  /**
   * Writes the manifest under the next free number. What one import brings is registered once: all versions that were
   * there are looked at before the first number is tried, and the winner of every number after that.
   */
  const number = async (draft: Omit<Manifest, 'version'>): Promise<Manifest> => {
    const { import: origin } = draft.lineage
    const there = await taken(draft.name)
    const isOurs = (manifest: Manifest | undefined) => origin !== undefined && manifest?.lineage.import === origin
    if (origin !== undefined) {
      const known = await each(
        there.filter(({ size }) => size > 0),
        (info) => recall(draft.name, info),
      )
      const ours = known.find(isOurs)
      if (ours !== undefined) return ours
    }
    const first = (there.at(-1)?.version ?? 0) + 1
    for (let version = first; version < first + MAX_ATTEMPTS; version++) {
      const manifest: Manifest = { ...draft, version }
      try {
        await store.put(manifestKey(draft.name, version), toJson(manifest), { ifAbsent: true })
        return manifest
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        const winner = origin === undefined ? undefined : await ifFound(read(draft.name, version))
        if (winner !== undefined && isOurs(winner.manifest)) return winner.manifest
      }
    }
    throw new ConflictError(`no free version number for "${draft.name}" after ${MAX_ATTEMPTS} tries; repeat later`)
  }

  return {
    models,
    numbers,

    async register(name, { files, metrics = {}, lineage, description }) {
      const content = contentOf(files)
      const draft = {
        schema: 1 as const,
        name,
        createdAt: now().toISOString(),
        ...(description !== undefined && { description }),
        files: content.map(({ reference }) => reference),
        metrics: { ...metrics },
        lineage,
      }
      return withBlobs(context, content, () => number(draft))
    },

    async isLive(name, version) {
      return ((await store.head(manifestKey(name, version)))?.size ?? 0) > 0
    },

    async manifest(name, version) {
      return (await read(name, version)).manifest
    },

    async manifests(name) {
      const found = await each(await living(name), (info) => recall(name, info))
      return found.filter((manifest) => manifest !== undefined)
    },

    async erase(name, version) {
      const { etag } = await read(name, version)
      await store.put(manifestKey(name, version), new Uint8Array(), { ifMatch: etag })
      known.delete(manifestKey(name, version))
    },
  }
}
