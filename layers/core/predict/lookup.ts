/** From a reference to the manifest it means now; the registry is asked at most once a second for each name. */
import type { AliasTarget, Manifest, ModelReference } from '@maas/core/contract'
import type { Registry } from '@maas/core/registry'
import { LRUCache } from 'lru-cache'

/** How long a moved alias may go unseen, milliseconds. */
const freshness = 1000

export interface Lookup {
  /** NotFoundError names what exists. */
  manifest(reference: ModelReference): Promise<Manifest>
  /** Newest first. */
  versions(reference: ModelReference): Promise<readonly number[]>
  /** The version that is to answer beside the one that an alias means; undefined when there is none. */
  shadow(reference: ModelReference): Promise<number | undefined>
}

export const createLookup = (
  registry: Registry,
  { random, clock }: { readonly random: () => number; readonly clock: () => number },
): Lookup => {
  const answers = new LRUCache<string, Promise<unknown>>({
    max: 10_000,
    ttl: freshness,
    ttlResolution: 0,
    perf: { now: clock },
  })
  const remembered = <T>(key: string, ask: () => Promise<T>): Promise<T> => {
    const known = answers.get(key)
    if (known !== undefined) return known as Promise<T>
    const asked = ask()
    answers.set(key, asked)
    asked.catch(() => answers.delete(key))
    return asked
  }
  const all = (name: string) => remembered(`model ${name}`, () => registry.model(name))
  const versions = async ({ name, version, alias }: ModelReference): Promise<readonly number[]> => {
    if (version !== undefined) {
      return [(await remembered(`version ${name} ${version}`, () => registry.manifest(name, version))).version]
    }
    if (alias !== undefined) {
      const { targets } = await remembered(`alias ${name} ${alias}`, () => registry.alias(name, alias))
      return targets.map((target) => target.version)
    }
    return (await all(name)).versions.toSorted((a, b) => b - a)
  }

  return {
    versions,
    shadow: async ({ name, version, alias }) =>
      version !== undefined || alias === undefined
        ? undefined
        : (await remembered(`alias ${name} ${alias}`, () => registry.alias(name, alias))).shadow,
    manifest: async (reference) => {
      const { name, alias, point = random() } = reference
      const version =
        alias !== undefined
          ? choose((await remembered(`alias ${name} ${alias}`, () => registry.alias(name, alias))).targets, point)
          : ((await versions(reference))[0] ?? 0)
      return remembered(`version ${name} ${version}`, () => registry.manifest(name, version))
    },
  }
}

/** A split alias sends each request by weight; `point` is in 0..1. */
const choose = (targets: readonly AliasTarget[], point: number): number => {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0)
  let left = point * total
  const chosen = targets.find(({ weight }) => {
    left -= weight
    return left < 0
  })
  return (chosen ?? targets[0])?.version ?? 0
}
