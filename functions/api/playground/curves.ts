/** Learning curves of one metric: training against validation, the best epoch marked. */
import type { History } from '@maas/core/contract'
import { h, s } from './dom.ts'
import { figure } from './format.ts'

const size = { width: 420, height: 200, left: 58, right: 12, top: 18, bottom: 30 } as const

interface Series {
  readonly kind: 'train' | 'validation'
  readonly values: readonly (number | undefined)[]
}

const kinds = { train: 'training', validation: 'validation' } as const

/** Undefined when the history does not hold the metric. */
export const curve = ({ epochs, bestEpoch }: History, metric: string): HTMLElement | undefined => {
  const series: Series[] = [
    { kind: 'train', values: epochs.map((row) => row[metric]) },
    { kind: 'validation', values: epochs.map((row) => row[`val_${metric}`]) },
  ]
  const all = series
    .flatMap(({ values }) => values)
    .filter((value) => value !== undefined && Number.isFinite(value)) as number[]
  if (all.length === 0) return undefined
  const low = Math.min(...all)
  const high = Math.max(...all)
  const x = (epoch: number): number =>
    size.left + ((epoch - 1) / Math.max(1, epochs.length - 1)) * (size.width - size.left - size.right)
  const y = (value: number): number =>
    size.top + ((high - value) / (high - low || 1)) * (size.height - size.top - size.bottom)
  const lines = series.map(({ kind, values }) => {
    const points = values.flatMap((value, at) =>
      value === undefined ? [] : [`${x(at + 1).toFixed(1)},${y(value).toFixed(1)}`],
    )
    return s('polyline', { class: `line ${kind}`, points: points.join(' ') })
  })
  const words = series.map(({ kind, values }) => `${kinds[kind]} ends at ${figure(values.at(-1) ?? Number.NaN)}`)
  return h(
    'figure',
    { class: 'card' },
    h('figcaption', {}, `${metric} by epoch`),
    s(
      'svg',
      {
        viewBox: `0 0 ${size.width} ${size.height}`,
        role: 'img',
        'aria-label': `${metric} over ${epochs.length} epochs: ${words.join(', ')}`,
      },
      ...[low, high].flatMap((value) => [
        s('line', { class: 'grid-line', x1: size.left, x2: size.width - size.right, y1: y(value), y2: y(value) }),
        s('text', { class: 'soft', x: size.left - 6, y: y(value) + 4, 'text-anchor': 'end' }, figure(value)),
      ]),
      ...[1, epochs.length].map((epoch) =>
        s('text', { class: 'soft', x: x(epoch), y: size.height - 8, 'text-anchor': 'middle' }, String(epoch)),
      ),
      bestEpoch > 0 &&
        s('line', { class: 'mark', x1: x(bestEpoch), x2: x(bestEpoch), y1: size.top, y2: size.height - size.bottom }),
      ...lines,
    ),
    h(
      'p',
      { class: 'legend' },
      h('span', { class: 'train' }, 'training'),
      h('span', { class: 'validation' }, 'validation'),
      bestEpoch > 0 && `best: epoch ${bestEpoch}`,
    ),
  )
}
