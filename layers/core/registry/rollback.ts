/** Takes an alias back to where it pointed before its last move, when that move may be to blame. */
import { lastMove, rollbackBy, rollbackHours } from '../contract/index.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import type { Registry } from './types.ts'

export interface RollbackRequest {
  readonly model: string
  readonly alias: string
  /** Kept in the alias's history. */
  readonly why: string
  /** Milliseconds since 1970. */
  readonly now: number
}

/** Whether it went back, and in words why or why not. */
export interface RolledBack {
  readonly moved: boolean
  readonly reason: string
}

/** Characters of a reason that the history keeps. */
const MOST_WHY = 500

const kept = (reason: string): RolledBack => ({ moved: false, reason })

export interface RollbackDeps {
  readonly registry: Registry
  /** Before an alias means these versions again; what it throws goes on to the caller, who comes again. @default they may be meant as they are */
  readonly ensureReplayed?: (model: string, versions: readonly number[]) => Promise<void>
}

/** The same alarm again finds its own move and does nothing, so two versions that are both bad do not alternate. */
export const rollBack = async (
  { registry, ensureReplayed = async () => {} }: RollbackDeps,
  { model, alias, why, now }: RollbackRequest,
): Promise<RolledBack> => {
  const name = `${model}@${alias}`
  const record = await registry.alias(model, alias).catch((error: unknown) => {
    if (error instanceof NotFoundError) return error
    throw error
  })
  if (record instanceof NotFoundError) return kept(record.message)
  const { generation } = record
  const last = lastMove(record)
  if (last === undefined) return kept(`${name} has never pointed anywhere else`)
  if (last.by === rollbackBy) return kept(`${name} went back already, at ${last.at}`)
  if (now - Date.parse(last.at) > rollbackHours * 3_600_000) {
    return kept(`${name} has not moved for ${rollbackHours} hours, so its last move is not to blame`)
  }
  const versions = last.from.map(({ version }) => version)
  await ensureReplayed(model, versions)
  try {
    await registry.setAlias(model, alias, last.from, { by: rollbackBy, why: why.slice(0, MOST_WHY), generation })
    return { moved: true, reason: `${name} points at version ${versions.join(' and ')} again` }
  } catch (error) {
    // Moved meanwhile, or the version before fails its certificate by now.
    if (error instanceof ConflictError || error instanceof NotFoundError) return kept(error.message)
    throw error
  }
}
