/** Numbers as a reader wants them. */

export const percent = (share: number): string => `${(share * 100).toFixed(share > 0 && share < 0.00995 ? 2 : 1)} %`
export const count = (value: number): string => value.toLocaleString('en-US')

/** Four significant digits, without an exponent where people would not write one. */
export const figure = (value: number): string => {
  if (Number.isInteger(value)) return count(value)
  const size = Math.abs(value)
  return size >= 1e6 || size < 1e-4 ? value.toExponential(2) : String(Number(value.toPrecision(4)))
}

export const duration = (seconds: number): string => {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}
