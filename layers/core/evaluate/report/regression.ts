/** The report's part on a regressor: predicted against true values, and the worst errors. */
import type { RegressionEvaluation } from '../../contract/index.ts'
import { html, type Markup } from '../../html/index.ts'
import { chart, frame } from './chart.ts'
import { figure } from './format.ts'

const scatter = (points: NonNullable<RegressionEvaluation['points']>): Markup => {
  const all = points.flat()
  const [low, high] = [Math.min(...all), Math.max(...all)]
  const range = low === high ? { from: low - 1, to: high + 1 } : { from: low, to: high }
  return html`<div class="card">${chart(
    {
      title: 'Predicted against true values',
      description: `${points.length} test examples; on the dashed line a prediction is exactly right`,
      x: { label: 'true value', ...range },
      y: range,
    },
    (x, y) => [
      html`<line class="ideal" x1="${x(range.from)}" y1="${y(range.from)}" x2="${x(range.to)}" y2="${y(range.to)}"/><text class="soft" x="${frame.width - frame.right + 8}" y="${y(range.to) + 4}">exact</text>`,
      ...points.map(
        ([expected, predicted]) =>
          html`<circle class="dot train" cx="${x(expected).toFixed(1)}" cy="${y(predicted).toFixed(1)}" r="2.5" opacity=".55"/>`,
      ),
    ],
  )}</div>`
}

export const regressionSection = ({ points = [], worst }: RegressionEvaluation): Markup => html`<h2>Predictions</h2>
<div class="grid">${points.length > 0 && scatter(points)}
<div class="card scroll"><h3>The worst predictions</h3><table><thead><tr><th>example</th><th>true</th><th>predicted</th><th>error</th></tr></thead>
<tbody>${worst.slice(0, 12).map(({ expected, index, predicted, source }) => html`<tr><td>${source ?? index}</td><td>${figure(expected)}</td><td>${figure(predicted)}</td><td>${figure(predicted - expected)}</td></tr>`)}</tbody></table></div></div>`
