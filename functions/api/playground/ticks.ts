/** Round numbers for an axis. */

/** About `count` of them, at 1, 2 or 5 times a power of ten, from the last below `low` to the first above `high`. */
export const niceTicks = (low: number, high: number, count: number): readonly number[] => {
  const span = high - low || Math.abs(high) || 1
  const rough = span / count
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.floor(low / step)
  const last = Math.max(first + 1, Math.ceil(high / step))
  // By whole multiples, so that 0.3 is no 0.30000000000000004; twelve digits hide what is left of that.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)))
}

/** Whole numbers from 1 to `last` with as many between as there is room for. */
export const wholeTicks = (last: number, count: number): readonly number[] => {
  const step = Math.max(1, Math.ceil((last - 1) / count))
  return Array.from({ length: Math.floor((last - 1) / step) + 1 }, (_, i) => 1 + i * step)
}
