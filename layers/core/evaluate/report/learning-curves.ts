/** Learning curves: training against validation, the best epoch marked, overfitting shaded. */
import type { History } from '../../contract/index.ts'
import { html, type Markup } from '../../html/index.ts'
import { chart, extent, polyline, type Scale } from './chart.ts'

interface Series {
  readonly kind: 'train' | 'validation'
  readonly label: string
  readonly values: readonly number[]
}

/** Space between two end labels, in the drawing's units. */
const LABEL = 15

const seriesOf = ({ epochs }: History, name: string): Series[] =>
  (
    [
      { kind: 'train', label: 'training', values: epochs.map((row) => row[name] ?? Number.NaN) },
      { kind: 'validation', label: 'validation', values: epochs.map((row) => row[`val_${name}`] ?? Number.NaN) },
    ] as const
  ).filter(({ values }) => values.every(Number.isFinite) && values.length > 0)

/** Labels at the lines' ends, pushed apart when the lines meet. */
const endLabels = (series: readonly Series[], y: Scale): Markup[] => {
  const ends = series
    .map(({ kind, label, values }) => ({ kind, label, at: y(values.at(-1) ?? 0) }))
    .sort((a, b) => a.at - b.at)
  const [upper, lower] = ends
  if (upper && lower && lower.at - upper.at < LABEL) {
    const middle = (upper.at + lower.at) / 2
    Object.assign(upper, { at: middle - LABEL / 2 })
    Object.assign(lower, { at: middle + LABEL / 2 })
  }
  return ends.map(
    ({ at, kind, label }) => html`<text class="${kind}" x="${extent.right + 8}" y="${at + 4}">${label}</text>`,
  )
}

/** Validation loss turned for good at the epoch after its lowest; drawn only when the run itself called it overfitting. */
const overfitSince = (history: History): number | undefined => {
  if (!history.notices.some(({ code }) => code === 'overfitting')) return undefined
  const losses = history.epochs.map(({ val_loss = Number.NaN }) => val_loss)
  return losses.indexOf(Math.min(...losses)) + 2
}

const curve = (history: History, name: string, title: string): Markup | undefined => {
  const series = seriesOf(history, name)
  if (series.length === 0) return undefined
  const all = series.flatMap(({ values }) => values)
  const last = history.epochs.length
  const since = overfitSince(history)
  const words = series.map(
    ({ label, values }) => `${label} ${values[0]?.toPrecision(3)} to ${values.at(-1)?.toPrecision(3)}`,
  )
  const y = { from: Math.min(...all), to: Math.max(...all) }
  const x = { label: 'epoch', from: 1, to: Math.max(2, last), whole: true }
  return html`<div class="card">${chart(
    {
      title,
      description: `${title} over ${last} epochs: ${words.join(', ')}`,
      x,
      y: y.from === y.to ? { from: y.from - 0.5, to: y.to + 0.5 } : y,
    },
    (toX, toY) => [
      html`${
        since !== undefined &&
        since <= last &&
        html`<rect class="shade" x="${toX(since - 1)}" width="${toX(last) - toX(since - 1)}" y="${extent.top}" height="${extent.bottom - extent.top}"/>
<text class="soft" x="${toX(since - 1) + 5}" y="${extent.bottom - 6}">overfitting</text>`
      }`,
      html`${
        history.bestEpoch > 0 &&
        html`<line class="mark" x1="${toX(history.bestEpoch)}" x2="${toX(history.bestEpoch)}" y1="${extent.top}" y2="${extent.bottom}"/>
<text class="soft" x="${toX(history.bestEpoch)}" y="${extent.top - 4}" text-anchor="middle">best: epoch ${history.bestEpoch}</text>`
      }`,
      ...series.map(({ kind, values }) =>
        polyline(
          values.map((value, i) => [toX(i + 1), toY(value)] as const),
          kind,
        ),
      ),
      ...series.flatMap(({ kind, label, values }) =>
        values.map(
          (value, i) =>
            html`<circle class="dot ${kind}" cx="${toX(i + 1)}" cy="${toY(value)}" r="${last > 40 ? 1.5 : 3}"><title>${label}, epoch ${i + 1}: ${value.toPrecision(4)}</title></circle>`,
        ),
      ),
      ...endLabels(series, toY),
    ],
  )}</div>`
}

/** Loss, and accuracy or mean absolute error; empty without a history. */
export const learningCurves = (history: History): Markup[] =>
  [
    curve(history, 'loss', 'Loss'),
    curve(history, 'accuracy', 'Accuracy'),
    curve(history, 'mae', 'Mean absolute error'),
  ].filter((drawn) => drawn !== undefined)
