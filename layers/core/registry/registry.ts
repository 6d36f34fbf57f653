/** Composes the registry from versions, aliases and blobs, and checks what goes in. */
import type { AliasTarget, ModelReference } from '../contract/index.ts'
import { ConflictError } from '../errors.ts'
import type { ObjectStore } from '../store/index.ts'
import { createAliases } from './aliases.ts'
import { collectBlobs, readBlob } from './blobs.ts'
import { readReplays } from './certificates.ts'
import { contextOf, each, ifFound, objectsBelow, type RegistryDeps } from './context.ts'
import { checkAlias, checkChange, checkName, checkNewVersion, checkTargets, checkVersion } from './input.ts'
import { deletingPrefix, derivedKey, derivedPrefix } from './layout.ts'
import { takeLease } from './leases.ts'
import { noFile, noVersion } from './missing.ts'
import type { ModelSummary, Registry } from './types.ts'
import { createVersions } from './versions.ts'

/** The target that `at`, in 0..1, falls on when the weights are laid end to end. */
const choose = (targets: readonly AliasTarget[], at: number): number | undefined => {
  let left = at * targets.reduce((sum, { weight }) => sum + weight, 0)
  const chosen = targets.find(({ weight }) => {
    left -= weight
    return left < 0
  })
  return (chosen ?? targets.findLast(({ weight }) => weight > 0))?.version
}

export const createRegistry = (store: ObjectStore, deps: RegistryDeps = {}): Registry => {
  const context = contextOf(store, deps)
  const versions = createVersions(context)
  const aliases = createAliases(context, versions)

  const summary = async (name: string): Promise<ModelSummary> => {
    const [numbers, records] = await Promise.all([versions.numbers(name), aliases.aliases(name)])
    const pointers = Object.fromEntries(records.map(({ alias, targets }) => [alias, targets]))
    return { name, versions: numbers, aliases: pointers }
  }

  const allManifests = async () => (await each(await versions.models(), versions.manifests)).flat()

  const erase = async (name: string, version: number): Promise<void> => {
    await versions.manifest(name, version)
    const lease = await takeLease(context, deletingPrefix(name, version))
    try {
      const holding = await aliases.holding(name, version)
      if (holding.length > 0) {
        const users = holding.map((alias) => `${name}@${alias}`).join(', ')
        throw new ConflictError(`${name}:${version} is in use by ${users}; move or delete that first`)
      }
      if (!lease.isHeld())
        throw new ConflictError(`deleting ${name}:${version} took too long; repeat`, { retryAfter: 1 })
      await versions.erase(name, version)
    } finally {
      await lease.release()
    }
  }

  return {
    register: async (name, version) => versions.register(checkName(name), checkNewVersion(version)),

    async models() {
      // A model whose last version is deleted at this moment is not there.
      const found = await each(await versions.models(), (name) => ifFound(summary(name)))
      return found.filter((model) => model !== undefined)
    },

    model: async (name) => summary(checkName(name)),

    async versions(name) {
      await versions.numbers(checkName(name))
      return (await versions.manifests(name)).toReversed()
    },

    manifest: async (name, version) => versions.manifest(checkName(name), checkVersion(version)),

    async resolve({ name, version, alias }: ModelReference, random = context.random) {
      checkName(name)
      if (version !== undefined) {
        if (await versions.isLive(name, checkVersion(version))) return version
        throw noVersion(name, version, await versions.numbers(name))
      }
      if (alias === undefined) return Math.max(...(await versions.numbers(name)))
      const { targets } = await aliases.alias(name, checkAlias(alias))
      return choose(targets, random()) ?? Math.max(...targets.map((target) => target.version))
    },

    async file(manifest, path) {
      const file = manifest.files.find((candidate) => candidate.path === path)
      if (file !== undefined) return readBlob(context, manifest, file)
      const paths = manifest.files.map((candidate) => candidate.path)
      throw noFile(`${manifest.name}:${manifest.version}`, path, paths)
    },

    async derived({ name, version }, path) {
      return (await ifFound(store.get(derivedKey(checkName(name), checkVersion(version), path))))?.body
    },

    async putDerived({ name, version }, path, content) {
      await store.put(derivedKey(checkName(name), checkVersion(version), path), content)
    },

    replays: async ({ name, version }) => readReplays(context, checkName(name), checkVersion(version)),

    alias: async (name, alias) => aliases.alias(checkName(name), checkAlias(alias)),
    aliases: async (name) => aliases.aliases(checkName(name)),
    deleteAlias: async (name, alias) => aliases.deleteAlias(checkName(name), checkAlias(alias)),

    async setAlias(name, alias, targets, change) {
      checkChange({ by: change.by, why: change.why })
      return aliases.setAlias(checkName(name), checkAlias(alias), checkTargets(targets), change)
    },

    async deleteVersion(name, version) {
      await erase(checkName(name), checkVersion(version))
      for await (const { key } of objectsBelow(store, derivedPrefix(name, version))) await store.delete(key)
      await collectBlobs(context, allManifests)
    },
  }
}
