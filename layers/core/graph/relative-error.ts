/** How far two results are apart, as this project measures it. */

/** max|a-b| / max|b|; NaN never passes as small. */
export function relativeError(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let difference = 0
  let largest = 1e-12
  for (let index = 0; index < b.length; index++) {
    const error = Math.abs((a[index] as number) - (b[index] as number))
    if (!(error <= difference)) difference = error
    largest = Math.max(largest, Math.abs(b[index] as number))
  }
  return Number.isNaN(difference) ? Number.POSITIVE_INFINITY : difference / largest
}
