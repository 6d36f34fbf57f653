/** Takes an alias back to where it pointed before its last move, when that move may be to blame. */
import { rollbackBy, rollbackHours } from '../contract/index.ts'
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

/** The same alarm again finds its own move and does nothing, so two versions that are both bad do not alternate. */
export const rollBack = async (registry: Registry, request: RollbackRequest): Promise<RolledBack> => {
  const { model, alias, why, now } = request
  const name = `${model}@${alias}`
  try {
    const { generation, history } = await registry.alias(model, alias)
    const last = history.at(-1)
    if (last === undefined || last.from.length === 0) return kept(`${name} has never pointed anywhere else`)
    if (last.by === rollbackBy) return kept(`${name} went back already, at ${last.at}`)
    if (now - Date.parse(last.at) > rollbackHours * 3_600_000) {
      return kept(`${name} has not moved for ${rollbackHours} hours, so its last move is not to blame`)
    }
    await registry.setAlias(model, alias, last.from, { by: rollbackBy, why: why.slice(0, MOST_WHY), generation })
    const versions = last.from.map(({ version }) => version).join(' and ')
    return { moved: true, reason: `${name} points at version ${versions} again` }
  } catch (error) {
    if (error instanceof ConflictError) return kept(`${name} was moved meanwhile`)
    if (error instanceof NotFoundError) return kept(error.message)
    throw error
  }
}
