/** Replays the certificates that were never replayed on the kernels in force: after an upgrade, all of them. */
import { formatReference, type Replay } from '@maas/core/contract'
import { messageOf } from '@maas/core/errors'
import { type Registry, replayOn } from '@maas/core/registry'

export interface SweepDeps {
  readonly registry: Registry
  /** Id of the kernels in force. */
  readonly kernels: string
  readonly verify: (version: { readonly name: string; readonly version: number }) => Promise<Replay>
  /** Whether there is time for one more. @default there is */
  readonly goOn?: () => boolean
  /** Receives every replay, and why one could not be made. */
  readonly tell: (model: string, outcome: Replay | Error) => void
}

export interface Swept {
  readonly replayed: number
  /** Without a replay still: time was up, or it could not be made. */
  readonly left: number
}

/** Versions with a certificate but no replay on these kernels, of one model or of all: those that an alias means first, then the newest. */
export const missingReplays = async (
  registry: Registry,
  kernels: string,
  only?: string,
): Promise<readonly { readonly name: string; readonly version: number }[]> => {
  const found: { readonly name: string; readonly version: number; readonly meant: boolean }[] = []
  for (const { name, aliases } of only === undefined ? await registry.models() : [await registry.model(only)]) {
    const meant = new Set(Object.values(aliases).flatMap((targets) => targets.map(({ version }) => version)))
    for (const manifest of await registry.versions(name)) {
      const { version } = manifest
      if ((await replayOn(registry, manifest, kernels)) === 'missing')
        found.push({ name, version, meant: meant.has(version) })
    }
  }
  return found.toSorted((a, b) => Number(b.meant) - Number(a.meant)).map(({ name, version }) => ({ name, version }))
}

/** One after the other; a version that cannot be replayed keeps none of the others from it. */
export const sweep = async ({ registry, kernels, verify, goOn = () => true, tell }: SweepDeps): Promise<Swept> => {
  const missing = await missingReplays(registry, kernels)
  let replayed = 0
  for (const version of missing) {
    if (!goOn()) break
    try {
      tell(formatReference(version), await verify(version))
      replayed++
    } catch (error) {
      tell(formatReference(version), error instanceof Error ? error : new Error(messageOf(error)))
    }
  }
  return { replayed, left: missing.length - replayed }
}
