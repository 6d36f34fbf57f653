/** Axes, grid and ticks of a small line chart in SVG; drawn by numbers, coloured by the style sheet. */
import { type ScaleLinear, scaleLinear } from 'd3-scale'
import { html, type Markup } from '../../html/index.ts'

export type Scale = ScaleLinear<number, number>

/** Size of the drawing in its own units, and the room around the plot. */
export const frame = { width: 480, height: 260, top: 14, right: 92, bottom: 34, left: 46 }

const inner = { right: frame.width - frame.right, bottom: frame.height - frame.bottom }

export interface ChartOptions {
  readonly title: string
  /** What the picture says, for those who cannot see it. */
  readonly description: string
  readonly x: {
    readonly label: string
    readonly from: number
    readonly to: number
    readonly whole?: boolean
    readonly format?: (value: number) => string
  }
  readonly y: { readonly from: number; readonly to: number; readonly format?: (value: number) => string }
}

/** A titled chart; `draw` gets the scales and adds what is inside. */
export const chart = (options: ChartOptions, draw: (x: Scale, y: Scale) => readonly Markup[]): Markup => {
  const { description, title } = options
  const x = scaleLinear([options.x.from, options.x.to], [frame.left, inner.right])
  const y = scaleLinear([options.y.from, options.y.to], [inner.bottom, frame.top]).nice(5)
  const xFormat = options.x.format ?? (options.x.whole ? String : x.tickFormat(6))
  const yFormat = options.y.format ?? y.tickFormat(5)
  const xTicks = x.ticks(6).filter((tick) => !options.x.whole || Number.isInteger(tick))
  return html`<h3>${title}</h3>
<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-label="${description}">
${y.ticks(5).map(
  (tick) => html`<line class="grid-line" x1="${frame.left}" x2="${inner.right}" y1="${y(tick)}" y2="${y(tick)}"/>
<text class="soft" x="${frame.left - 8}" y="${y(tick) + 4}" text-anchor="end">${yFormat(tick)}</text>`,
)}
<line class="axis" x1="${frame.left}" x2="${inner.right}" y1="${inner.bottom}" y2="${inner.bottom}"/>
${xTicks.map(
  (tick) =>
    html`<text class="soft" x="${x(tick)}" y="${inner.bottom + 17}" text-anchor="middle">${xFormat(tick)}</text>`,
)}
<text class="soft" x="${(frame.left + inner.right) / 2}" y="${frame.height - 2}" text-anchor="middle">${options.x.label}</text>
${draw(x, y)}
</svg>`
}

const round = (value: number): number => Math.round(value * 10) / 10

export const polyline = (points: readonly (readonly [number, number])[], kind: string): Markup =>
  html`<polyline class="line ${kind}" points="${points.map(([x, y]) => `${round(x)},${round(y)}`).join(' ')}"/>`

/** The plot's vertical extent, for marks that run through it. */
export const extent = { top: frame.top, bottom: inner.bottom, right: inner.right }
