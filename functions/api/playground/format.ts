/** Numbers, times and alias targets as people read them. */
import type { AliasTarget } from '@maas/core/contract'

export const percent = (share: number): string =>
  share > 0 && share < 0.0001 ? '< 0.01 %' : `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`

export const figure = (value: number): string =>
  Number.isInteger(value)
    ? value.toLocaleString('en')
    : Number(value.toPrecision(4)).toLocaleString('en', { maximumFractionDigits: 6 })

export const bytes = (size: number): string =>
  size < 1024 * 1024 ? `${Math.ceil(size / 1024)} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`

export const when = (iso: string): string =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' })

export const duration = (seconds: number): string => {
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}

export const targets = (list: readonly AliasTarget[]): string =>
  list.length === 1
    ? `version ${list[0]?.version}`
    : list.map(({ version, weight }) => `version ${version} (${weight} %)`).join(', ')

/** `test_accuracy` as `test accuracy`. */
export const title = (name: string): string => name.replaceAll('_', ' ')

/** Shares as percentages, everything else as it is. */
export const metric = (name: string, value: number): string =>
  name.endsWith('accuracy') ? percent(value) : figure(value)
