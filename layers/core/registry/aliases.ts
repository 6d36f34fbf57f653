/**
 * Aliases: records replaced by compare-and-swap, and what keeps them from pointing at nothing while versions are deleted.
 *
 * A move checks that its targets live and that no deletion of them is under way, swaps the record, and checks again. A
 * deletion takes a lease, then looks for aliases, then erases. So either the deletion sees the move and refuses, or the
 * move sees the lease, waits for the outcome and reports it. A mover killed right after a swap that no deletion saw
 * leaves a record whose target is gone: such a move never happened, and every reader goes by where it came `from`.
 */
import { type AliasRecord, type AliasTarget, aliasRecordSchema } from '../contract/index.ts'
import { ConflictError, type NotFoundError } from '../errors.ts'
import { requireParity } from './certificates.ts'
import { type Context, each, fromJson, ifFound, objectsBelow, toJson } from './context.ts'
import { aliasesPrefix, aliasKey, aliasOf, deletingPrefix } from './layout.ts'
import { isLeased, leaseEnd } from './leases.ts'
import { noAlias, noVersion } from './missing.ts'
import type { Registry } from './types.ts'
import type { Versions } from './versions.ts'

/** A record as it is stored, and as it counts. */
interface Stored {
  readonly etag: string
  readonly raw: AliasRecord
  /** Where it points in effect; empty when nowhere. */
  readonly targets: readonly AliasTarget[]
}

export interface Aliases {
  alias: Registry['alias']
  aliases: Registry['aliases']
  setAlias: Registry['setAlias']
  deleteAlias: Registry['deleteAlias']
  /** Names of the aliases that keep a version from being deleted. */
  holding(name: string, version: number): Promise<readonly string[]>
}

const MOST_HISTORY = 200
const MAX_ATTEMPTS = 100

const pointsAt = (targets: readonly AliasTarget[], version: number): boolean =>
  targets.some((target) => target.version === version)

export const createAliases = (context: Context, versions: Versions): Aliases => {
  const { store, random, sleep } = context

  const allLive = async (name: string, targets: readonly AliasTarget[]): Promise<boolean> =>
    (await each(targets, ({ version }) => versions.isLive(name, version))).every(Boolean)

  const read = async (name: string, alias: string): Promise<Stored | undefined> => {
    const key = aliasKey(name, alias)
    const found = await ifFound(store.get(key))
    if (found === undefined) return undefined
    const raw = fromJson(aliasRecordSchema, found.body, key)
    const before = raw.history.at(-1)?.from ?? []
    const targets = (await allLive(name, raw.targets)) ? raw.targets : (await allLive(name, before)) ? before : []
    return { etag: found.info.etag, raw, targets }
  }

  const names = async (name: string): Promise<readonly string[]> => {
    const found: string[] = []
    for await (const { key } of objectsBelow(store, aliasesPrefix(name))) {
      const alias = aliasOf(key)
      if (alias !== undefined) found.push(alias)
    }
    return found
  }

  const all = async (name: string): Promise<readonly Stored[]> =>
    (await each(await names(name), (alias) => read(name, alias))).filter((stored) => stored !== undefined)

  const inEffect = ({ raw, targets }: Stored): AliasRecord => ({ ...raw, targets: [...targets] })

  const missing = async (name: string, alias: string): Promise<NotFoundError> => {
    await versions.numbers(name)
    const there = (await all(name)).filter(({ targets }) => targets.length > 0)
    return noAlias(
      name,
      alias,
      there.map(({ raw }) => raw.alias),
    )
  }

  /** NotFoundError when a target is not there, or is gone once a running deletion has ended. */
  const checkTargets = async (name: string, targets: readonly AliasTarget[]): Promise<void> => {
    for (const { version } of targets) {
      await leaseEnd(context, deletingPrefix(name, version))
      if (!(await versions.isLive(name, version))) throw noVersion(name, version, await versions.numbers(name))
    }
  }

  /** Tries `change` again after each lost race, with growing random pauses. */
  const settled = async <T>(what: string, change: () => Promise<T>, mayRetry: boolean): Promise<T> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await change()
      } catch (error) {
        if (!(error instanceof ConflictError) || !mayRetry) throw error
        if (attempt === MAX_ATTEMPTS) {
          throw new ConflictError(`${what}: lost ${MAX_ATTEMPTS} races against other changes; repeat later`, {
            cause: error,
          })
        }
      }
      await sleep(random() * Math.min(200, 5 * attempt))
    }
  }

  return {
    async alias(name, alias) {
      const stored = await read(name, alias)
      if (stored === undefined || stored.targets.length === 0) throw await missing(name, alias)
      return inEffect(stored)
    },

    async aliases(name) {
      await versions.numbers(name)
      return (await all(name)).filter(({ targets }) => targets.length > 0).map(inEffect)
    },

    async setAlias(name, alias, targets, { by, why, generation, shadow: asked }) {
      for (const { version } of targets) await requireParity(context, name, version)
      const change = async (): Promise<AliasRecord> => {
        await checkTargets(name, asked == null ? targets : [...targets, { version: asked, weight: 0 }])
        const stored = await read(name, alias)
        const current = stored?.raw.generation ?? 0
        if (generation !== undefined && generation !== current) {
          throw new ConflictError(
            `alias "${name}@${alias}" is at generation ${current}, not ${generation}: it was changed meanwhile; read it again`,
          )
        }
        const shadow = asked === undefined ? stored?.raw.shadow : (asked ?? undefined)
        const move = {
          at: context.now().toISOString(),
          by,
          why,
          from: [...(stored?.targets ?? [])],
          to: [...targets],
          ...(shadow !== undefined && { shadow }),
        }
        const record: AliasRecord = {
          schema: 1,
          name,
          alias,
          targets: [...targets],
          ...(shadow !== undefined && { shadow }),
          generation: current + 1,
          history: [...(stored?.raw.history ?? []), move].slice(-MOST_HISTORY),
        }
        const condition = stored === undefined ? ({ ifAbsent: true } as const) : { ifMatch: stored.etag }
        await store.put(aliasKey(name, alias), toJson(record), condition)
        return record
      }
      const record = await settled(`alias "${name}@${alias}"`, change, generation === undefined)
      await checkTargets(name, targets)
      return record
    },

    async deleteAlias(name, alias) {
      await settled(
        `alias "${name}@${alias}"`,
        async () => {
          const stored = await read(name, alias)
          if (stored === undefined) throw await missing(name, alias)
          await store.delete(aliasKey(name, alias), { ifMatch: stored.etag })
        },
        true,
      )
    },

    async holding(name, version) {
      const held = await each(await all(name), async ({ raw, targets }) => {
        if (pointsAt([...raw.targets, ...targets], version) || raw.shadow === version) return [raw.alias]
        // A move whose target was deleted, or may yet be, falls back to where it came from. The leases come first: a
        // deletion that begins after this look sees the move; one that ended before it shows in what lives.
        if (!pointsAt(raw.history.at(-1)?.from ?? [], version)) return []
        const leased = await each(raw.targets, (target) => isLeased(context, deletingPrefix(name, target.version)))
        const isSettled = !leased.some(Boolean) && (await allLive(name, raw.targets))
        return isSettled ? [] : [raw.alias]
      })
      return held.flat()
    },
  }
}
