/** What "back" means for an alias. Alone in its file, so that a page that needs it carries no schemas. */
import type { AliasRecord, AliasTarget } from './version.ts'

const isSame = (a: readonly AliasTarget[], b: readonly AliasTarget[]): boolean =>
  a.length === b.length &&
  a.every(({ version, weight }) => b.some((other) => other.version === version && other.weight === weight))

/** The newest change that moved it; a shadow that began or ended did not. Undefined when it points where it always did. */
export const lastMove = ({ history }: Pick<AliasRecord, 'history'>): AliasRecord['history'][number] | undefined =>
  history.findLast(({ from, to }) => from.length > 0 && !isSame(from, to))
