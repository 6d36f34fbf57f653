/** How far two results are apart, as this project measures it. */

/** max|a-b| / max|b|; NaN never passes as small. */
export const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>): number => relativeErrorOfAll([[a, b]])

/** The same over several pairs as one: the largest difference anywhere over the largest number anywhere. */
export function relativeErrorOfAll(pairs: Iterable<readonly [a: ArrayLike<number>, b: ArrayLike<number>]>): number {
  let difference = 0
  let largest = 1e-12
  for (const [a, b] of pairs) {
    if (a.length !== b.length) return Number.POSITIVE_INFINITY
    for (let index = 0; index < b.length; index++) {
      const error = Math.abs((a[index] as number) - (b[index] as number))
      if (Number.isNaN(error)) return Number.POSITIVE_INFINITY
      difference = Math.max(difference, error)
      largest = Math.max(largest, Math.abs(b[index] as number))
    }
  }
  return difference / largest
}
