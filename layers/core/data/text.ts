/** Small sentences that several messages share. */

/** `'a', 'b' and 3 more`. */
export function nameSome(names: readonly string[], most = 5): string {
  const shown = names.slice(0, most).map((name) => `'${name}'`)
  if (names.length > most) return `${shown.join(', ')} and ${names.length - most} more`
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}

/** `1 file`, `2,000 files`. */
export const count = (n: number, thing: string): string =>
  `${n.toLocaleString('en-US')} ${n === 1 ? thing : thing.endsWith('s') ? `${thing}es` : `${thing}s`}`
