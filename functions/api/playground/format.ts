/** Numbers, times and alias targets as people read them. */
import type { AliasTarget } from '@maas/core/contract'

export const percent = (share: number): string => `${(share * 100).toFixed(share < 0.1 ? 2 : 1)} %`

export const figure = (value: number): string =>
  Number.isInteger(value)
    ? value.toLocaleString('en')
    : Number(value.toPrecision(4)).toLocaleString('en', { maximumFractionDigits: 6 })

export const bytes = (size: number): string =>
  size < 1024 * 1024 ? `${Math.ceil(size / 1024)} KB` : `${(size / 1024 / 1024).toFixed(1)} MB`

export const when = (iso: string): string => new Date(iso).toLocaleString()

export const targets = (list: readonly AliasTarget[]): string =>
  list.length === 1
    ? `version ${list[0]?.version}`
    : list.map(({ version, weight }) => `version ${version} (${weight} %)`).join(', ')

/** `test_accuracy` as `test accuracy`. */
export const title = (name: string): string => name.replaceAll('_', ' ')
