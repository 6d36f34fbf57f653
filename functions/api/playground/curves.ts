/** Learning curves of one metric: training against validation, with axes, the best epoch marked. */
import type { History } from '@maas/core/contract'
import { h, s } from './dom.ts'
import { metric as inWords, title } from './format.ts'
import { niceTicks, wholeTicks } from './ticks.ts'

const size = { width: 460, height: 240, left: 52, right: 16, top: 22, bottom: 40 } as const
const bottom = size.height - size.bottom
const right = size.width - size.right

interface Series {
  readonly kind: 'train' | 'validation'
  readonly values: readonly (number | undefined)[]
}

const kinds = { train: 'training', validation: 'validation' } as const

const tickText = (metric: string, tick: number): string =>
  metric.endsWith('accuracy') ? `${Number((tick * 100).toPrecision(6))} %` : String(tick)

/** Undefined when the history does not hold the metric. */
export const curve = ({ epochs, bestEpoch }: History, metric: string): HTMLElement | undefined => {
  const all: Series[] = [
    { kind: 'train', values: epochs.map((row) => row[metric]) },
    { kind: 'validation', values: epochs.map((row) => row[`val_${metric}`]) },
  ]
  const isNumber = (value: number | undefined): value is number => value !== undefined && Number.isFinite(value)
  const series = all.filter(({ values }) => values.some(isNumber))
  if (series.length === 0) return undefined
  const numbers = series.flatMap(({ values }) => values.filter(isNumber))
  const ticks = niceTicks(Math.min(...numbers), Math.max(...numbers), 4)
  const [low = 0, high = 1] = [ticks[0], ticks.at(-1)]
  const x = (epoch: number): number =>
    epochs.length === 1
      ? (size.left + right) / 2
      : size.left + ((epoch - 1) / (epochs.length - 1)) * (right - size.left)
  const y = (value: number): number => size.top + ((high - value) / (high - low)) * (bottom - size.top)
  const at = (value: number, epoch: number) => ({ x: x(epoch).toFixed(1), y: y(value).toFixed(1) })
  const line = ({ kind, values }: Series): SVGElement[] => {
    const points = values.flatMap((value, i) => (isNumber(value) ? [at(value, i + 1)] : []))
    const dots = epochs.length <= 30 ? points : []
    return [
      s('polyline', { class: `line ${kind}`, points: points.map((point) => `${point.x},${point.y}`).join(' ') }),
      ...dots.map((point) => s('circle', { class: `dot ${kind}`, cx: point.x, cy: point.y, r: 2.5 })),
    ]
  }
  const ends = series.map(({ kind, values }) => {
    const last = values.findLast(isNumber)
    return { kind, text: `${kinds[kind]} ends at ${last === undefined ? 'nothing' : inWords(metric, last)}` }
  })
  // The word stays inside the drawing, on the side of the mark that has room.
  const late = x(bestEpoch) > size.width / 2
  return h(
    'figure',
    {},
    h('figcaption', {}, title(metric)),
    s(
      'svg',
      {
        viewBox: `0 0 ${size.width} ${size.height}`,
        role: 'img',
        'aria-label': `${metric} over ${epochs.length} ${epochs.length === 1 ? 'epoch' : 'epochs'}: ${ends.map(({ text }) => text).join(', ')}`,
      },
      ...ticks.flatMap((tick) => [
        s('line', { class: 'grid-line', x1: size.left, x2: right, y1: y(tick), y2: y(tick) }),
        s('text', { class: 'soft', x: size.left - 8, y: y(tick) + 4, 'text-anchor': 'end' }, tickText(metric, tick)),
      ]),
      ...wholeTicks(epochs.length, 8).map((epoch) =>
        s('text', { class: 'soft', x: x(epoch), y: bottom + 17, 'text-anchor': 'middle' }, String(epoch)),
      ),
      s('text', { class: 'soft', x: (size.left + right) / 2, y: size.height - 4, 'text-anchor': 'middle' }, 'epoch'),
      bestEpoch > 0 && [
        s('line', { class: 'mark', x1: x(bestEpoch), x2: x(bestEpoch), y1: size.top - 6, y2: bottom }),
        s(
          'text',
          { class: 'soft', x: x(bestEpoch) + (late ? -6 : 6), y: size.top - 8, 'text-anchor': late ? 'end' : 'start' },
          `best: epoch ${bestEpoch}`,
        ),
      ],
      ...series.flatMap(line),
    ),
    h(
      'p',
      { class: 'legend' },
      ...ends.map(({ kind, text }) => h('span', {}, h('i', { class: kind, 'aria-hidden': true }), text)),
    ),
  )
}

const shown = ['loss', 'accuracy', 'mae'] as const

/** Those of the usual metrics that the history has. */
export const curves = (history: History): HTMLElement[] =>
  shown.map((metric) => curve(history, metric)).filter((drawn) => drawn !== undefined)
