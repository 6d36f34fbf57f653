/** "Did you mean": the name a person probably meant, and an error that says so. */
import { NotFoundError } from '../errors.ts'

/** The name in `known` that a person probably meant, for "did you mean". */
export const suggestion = (name: string, known: readonly string[]): string | undefined => {
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(name, candidate) }))
    .sort((a, b) => a.distance - b.distance)
  const [best] = ranked
  return best !== undefined && best.distance <= Math.max(1, Math.floor(name.length / 3)) ? best.candidate : undefined
}

/** NotFoundError that names what exists. */
export const unknownName = (kind: string, name: string, known: readonly string[]): NotFoundError => {
  const meant = suggestion(name, known)
  const listed = known.length > 10 ? `${known.slice(0, 10).join(', ')} and ${known.length - 10} more` : known.join(', ')
  const hint =
    meant !== undefined
      ? ` Did you mean "${meant}"?`
      : known.length > 0
        ? ` There is: ${listed}.`
        : ' There is none yet.'
  return new NotFoundError(`${kind} "${name}" does not exist.${hint}`)
}

const editDistance = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
