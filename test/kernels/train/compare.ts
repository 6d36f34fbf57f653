/** The measure of exactness: largest difference over largest value. */

/** max|a - b| / max|b|; NaN and unequal lengths are infinitely far apart. */
export const relativeError = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY
  let [difference, largest] = [0, 0]
  for (let i = 0; i < b.length; i++) {
    difference = Math.max(difference, Math.abs((a[i] ?? Number.NaN) - (b[i] ?? Number.NaN)))
    largest = Math.max(largest, Math.abs(b[i] ?? Number.NaN))
  }
  return Number.isNaN(difference) || largest === 0 ? Number.POSITIVE_INFINITY : difference / largest
}
