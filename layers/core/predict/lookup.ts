/** From a reference to the manifest it means now; the registry is asked at most once a second for each name. */
import type { AliasTarget, Manifest, ModelReference } from '@maas/core/contract'
import type { Registry } from '@maas/core/registry'
import { LRUCache } from 'lru-cache'

/** How long a moved alias may go unseen, milliseconds. */
const freshness = 1000

export interface Lookup {
  /** NotFoundError names what exists. Not a promise where all is known that it needs: most requests then wait for nothing. */
  manifest(reference: ModelReference): Manifest | Promise<Manifest>
  /** Newest first. */
  versions(reference: ModelReference): Promise<readonly number[]>
  /** The version that is to answer beside the one that an alias means; undefined when there is none. */
  shadow(reference: ModelReference): Promise<number | undefined>
}

export const createLookup = (
  registry: Registry,
  { random, clock }: { readonly random: () => number; readonly clock: () => number },
): Lookup => {
  const answers = new LRUCache<string, Answer>({
    max: 10_000,
    ttl: freshness,
    ttlResolution: 0,
    perf: { now: clock },
  })
  const remembered = <T>(key: string, ask: () => Promise<T>): T | Promise<T> => {
    const known = answers.get(key)
    if (known !== undefined) return (known.value ?? known.promise) as T | Promise<T>
    const answer: Answer = { promise: ask(), value: undefined }
    answers.set(key, answer)
    answer.promise.then(
      (value) => {
        answer.value = value
      },
      () => answers.delete(key),
    )
    return answer.promise as Promise<T>
  }
  const modelOf = (name: string) => remembered(`model ${name}`, () => registry.model(name))
  const aliasOf = (name: string, alias: string) =>
    remembered(`alias ${name} ${alias}`, () => registry.alias(name, alias))
  const manifestOf = (name: string, version: number) =>
    remembered(`version ${name} ${version}`, () => registry.manifest(name, version))

  return {
    versions: async ({ name, version, alias }) => {
      if (version !== undefined) return [(await manifestOf(name, version)).version]
      if (alias !== undefined) return (await aliasOf(name, alias)).targets.map((target) => target.version)
      return (await modelOf(name)).versions.toSorted((a, b) => b - a)
    },
    shadow: async ({ name, version, alias }) =>
      version !== undefined || alias === undefined ? undefined : (await aliasOf(name, alias)).shadow,
    manifest: ({ name, version, alias, point = random() }) => {
      if (alias !== undefined) {
        return after(aliasOf(name, alias), ({ targets }) => manifestOf(name, choose(targets, point)))
      }
      if (version !== undefined) return manifestOf(name, version)
      return after(modelOf(name), ({ versions }) => manifestOf(name, Math.max(0, ...versions)))
    },
  }
}

/** What was asked, and what came of it once that is known. */
interface Answer {
  readonly promise: Promise<unknown>
  value: unknown
}

/** At once for what is there already. */
const after = <T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> =>
  value instanceof Promise ? value.then(next) : next(value)

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
