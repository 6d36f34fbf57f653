/** The report's part on the data: where it came from, how it is balanced, what could not be read. */
import type { Preprocess } from '../../contract/index.ts'
import type { DataReport } from '../../data/types.ts'
import { html, type Markup } from '../../html/index.ts'
import { count, duration, figure } from './format.ts'

export interface DataInput {
  readonly report: DataReport
  readonly preprocess: Preprocess
  /** Class names; empty for regression. */
  readonly labels: readonly string[]
  readonly examples: { readonly train: number; readonly validation: number; readonly test: number }
}

const parts = ['train', 'validation', 'test'] as const

const balance = (report: DataReport, labels: readonly string[]): Markup => {
  const most = Math.max(1, ...report.balance.train)
  return html`<div class="card scroll"><table><thead><tr><th>class</th>${parts.map((part) => html`<th>${part}</th>`)}<th></th></tr></thead>
<tbody>${labels.map((label, index) => html`<tr><td title="${label}">${label}</td>${parts.map((part) => html`<td>${count(report.balance[part][index] ?? 0)}</td>`)}<td><span class="bar"><i style="width:${(((report.balance.train[index] ?? 0) / most) * 100).toFixed(1)}%"></i></span></td></tr>`)}</tbody></table></div>`
}

const badFiles = ({
  badFileCount,
  badFiles: list,
}: DataReport): Markup => html`<div class="card scroll spaced"><h3>Files that could not be read: ${count(badFileCount)}</h3>
<table><thead><tr><th>file</th><th class="wrap">reason</th></tr></thead><tbody>
${list.slice(0, 20).map(({ path, reason }) => html`<tr><td class="wrap">${path}</td><td class="wrap">${reason}</td></tr>`)}
</tbody></table>${badFileCount > 20 && html`<p class="soft">and ${count(badFileCount - Math.min(20, list.length))} more</p>`}</div>`

/** What happens to a row before the model sees it, in training and in serving alike. */
const preprocessing = (preprocess: Preprocess): string => {
  switch (preprocess.kind) {
    case 'image': {
      const { channels, height, mean, scale, std, width } = preprocess
      const range =
        mean.some((value) => value !== 0) || std.some((value) => value !== 1)
          ? `, minus ${mean.join('/')}, divided by ${std.join('/')}`
          : ''
      return `${height} × ${width} pixels in ${channels === 1 ? 'grey' : 'colour'}, values 0 to 255 divided by ${figure(Number((1 / scale).toPrecision(6)))}${range}`
    }
    case 'tabular': {
      const categories = preprocess.columns.filter(({ type }) => type === 'category').length
      const numbers = preprocess.columns.length - categories
      return `${numbers} number columns standardised, ${categories} category columns one-hot${preprocess.target ? `, target ${preprocess.target.name} standardised` : ''}`
    }
    case 'text':
      return `texts into numbers, for ${Object.keys(preprocess.inputs).join(', ')}`
    case 'tensor':
      return 'none: rows go in as they are'
  }
}

export const dataSection = ({ examples, labels, preprocess, report }: DataInput): Markup => html`<h2>Data</h2>
<div class="card"><dl>
<dt>name</dt><dd>${report.name}</dd>
<dt>format</dt><dd>${report.format}, rows of ${report.rowShape.join(' × ')}</dd>
<dt>examples</dt><dd>${parts.map((part) => `${count(examples[part])} ${part}`).join(', ')}</dd>
<dt>preprocessing</dt><dd>${preprocessing(preprocess)}</dd>
<dt>split</dt><dd>${report.split}</dd>
<dt>fingerprint</dt><dd><code>${report.fingerprint}</code></dd>
<dt>read in</dt><dd>${duration(report.seconds)}</dd>
</dl></div>
${report.warnings.map((warning) => html`<p class="notice warning">${warning}</p>`)}
${labels.length > 0 && labels.length <= 200 && balance(report, labels)}
${report.badFileCount > 0 && badFiles(report)}`
