/** Medians, percentiles, and the measure of whether two models said the same. */

/** Nearest-rank percentile, 0 < share <= 1. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** The middle value; of an even number of values the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length / 2
  const low = sorted[Math.ceil(middle) - 1] ?? Number.NaN
  const high = sorted[Math.floor(middle)] ?? Number.NaN
  return (low + high) / 2
}

/** max|a-b| / max|b|, infinite when the lengths differ. */
export function difference(a: readonly number[], b: readonly number[]): number {
  if (a.length !== b.length || a.length === 0) return Number.POSITIVE_INFINITY
  let apart = 0
  let largest = 0
  for (const [i, value] of b.entries()) {
    apart = Math.max(apart, Math.abs((a[i] ?? Number.NaN) - value))
    largest = Math.max(largest, Math.abs(value))
  }
  // Math.max keeps NaN, and a comparison with NaN is never true: callers test for `<=`.
  return apart / largest
}
