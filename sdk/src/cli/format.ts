/** Quantities as people read them. */

export const formatBytes = (bytes: number): string => {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${(bytes / 1e3).toFixed(1)} KB`
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`
}

export const formatSeconds = (seconds: number): string => {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`
  const minutes = Math.floor(seconds / 60)
  const rest = Math.round(seconds % 60)
  return minutes < 60 ? `${minutes} min ${rest} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

export const formatPercent = (share: number): string => `${(share * 100).toFixed(1)} %`

/** The metrics that tables of versions have room for. */
export const headlineMetrics = ['test_accuracy', 'test_mae', 'test_loss'] as const

/** Four significant digits at most; whole numbers whole. */
export const formatNumber = (value: number): string =>
  Number.isInteger(value) ? String(value) : Number(value.toPrecision(4)).toString()
