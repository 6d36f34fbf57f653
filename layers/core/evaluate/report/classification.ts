/** The report's part on a classifier: what it confuses, each class, how far its confidence can be trusted, its surest mistakes. */
import type { ClassificationEvaluation } from '../../contract/index.ts'
import { html, type Markup } from '../../html/index.ts'
import { chart, extent, frame } from './chart.ts'
import { count, percent } from './format.ts'

/** Matrices up to this many classes show numbers; larger ones colours alone. */
const NUMBERS = 20
const MATRIX = 100

const confused = ({ confusion, labels }: ClassificationEvaluation): { text: Markup; times: number; share: number }[] =>
  confusion
    .flatMap((row, wanted) => {
      const total = row.reduce((sum, times) => sum + times, 0)
      return row.map((times, guess) => ({ wanted, guess, times, share: times / Math.max(1, total) }))
    })
    .filter(({ guess, times, wanted }) => guess !== wanted && times > 0)
    .sort((a, b) => b.times - a.times)
    .slice(0, 10)
    .map(({ guess, share, times, wanted }) => ({ text: html`${labels[wanted]} → ${labels[guess]}`, times, share }))

const matrix = ({ confusion, labels }: ClassificationEvaluation): Markup => {
  const dense = labels.length > NUMBERS
  const cell = (row: readonly number[], times: number, wanted: number, guess: number): Markup => {
    const share =
      times /
      Math.max(
        1,
        row.reduce((sum, value) => sum + value, 0),
      )
    const words = `${labels[wanted]} taken for ${labels[guess]}: ${times} (${percent(share)})`
    return html`<td class="${share > 0.5 ? 'strong' : ''}" style="--share:${(share ** 0.7).toFixed(3)}" title="${words}">${times === 0 ? '' : times}</td>`
  }
  return html`<div class="scroll"><table class="matrix${dense ? ' dense' : ''}">
<thead><tr><th>true ↓<br>predicted →</th>${labels.map((label) => html`<th scope="col" title="${label}">${label}</th>`)}</tr></thead>
<tbody>${confusion.map((row, wanted) => html`<tr><th scope="row" title="${labels[wanted]}">${labels[wanted]}</th>${row.map((times, guess) => cell(row, times, wanted, guess))}</tr>`)}</tbody>
</table></div>`
}

const bar = (share: number): Markup =>
  html`${percent(share)}<span class="bar"><i style="width:${(share * 100).toFixed(1)}%"></i></span>`

const perClass = ({ perClass: rows }: ClassificationEvaluation): Markup => html`<div class="card scroll"><table>
<thead><tr><th>class</th><th>examples</th><th>precision</th><th>recall</th><th>F1</th></tr></thead>
<tbody>${rows.map(({ f1, label, precision, recall, support }) => html`<tr><td title="${label}">${label}</td><td>${count(support)}</td><td>${bar(precision)}</td><td>${bar(recall)}</td><td>${bar(f1)}</td></tr>`)}</tbody>
</table></div>`

/** The sentence a plot of calibration should make unnecessary. */
const trust = ({ calibration }: ClassificationEvaluation): string => {
  const used = calibration.bins.filter(({ count: examples }) => examples > 0)
  const gap = used.reduce(
    (sum, { accuracy, confidence, count: examples }) => sum + (confidence - accuracy) * examples,
    0,
  )
  const [widest] = [...used].sort((a, b) => b.count - a.count)
  const mean = `On average it is off by ${percent(calibration.expectedError)}.`
  if (!widest) return mean
  const way = gap > 0 ? 'It is surer than it should be.' : 'It is less sure than it could be.'
  return `When it says about ${percent(widest.confidence)}, it is right ${percent(widest.accuracy)} of the time. ${mean}${calibration.expectedError > 0.02 ? ` ${way}` : ''}`
}

const calibration = (evaluation: ClassificationEvaluation): Markup =>
  html`<div class="card">${chart(
    {
      title: 'Calibration',
      description: `How often it is right by how sure it is. ${trust(evaluation)}`,
      x: { label: 'confidence of the prediction', from: 0, to: 1, format: (value) => `${Math.round(value * 100)} %` },
      y: { from: 0, to: 1, format: (value) => `${Math.round(value * 100)} %` },
    },
    (x, y) => [
      ...evaluation.calibration.bins
        .filter(({ count: examples }) => examples > 0)
        .map(
          ({ accuracy, confidence, count: examples, from, to }) =>
            html`<rect class="column" x="${x(from) + 2}" width="${x(to) - x(from) - 4}" y="${y(accuracy)}" height="${extent.bottom - y(accuracy)}" rx="2"><title>${count(examples)} predictions, ${percent(confidence)} sure, ${percent(accuracy)} right</title></rect>`,
        ),
      html`<line class="ideal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/><text class="soft" x="${frame.width - frame.right + 8}" y="${y(1) + 4}">ideal</text>`,
    ],
  )}<p class="soft">${trust(evaluation)}</p></div>`

/** How many predictions there are behind each column of the calibration. */
const sureness = ({ calibration: { bins } }: ClassificationEvaluation): Markup =>
  html`<div class="card">${chart(
    {
      title: 'How sure it is',
      description: `Predictions by confidence: ${bins.map(({ count: examples, to }) => `${count(examples)} up to ${percent(to)}`).join(', ')}`,
      x: { label: 'confidence of the prediction', from: 0, to: 1, format: (value) => `${Math.round(value * 100)} %` },
      y: { from: 0, to: Math.max(1, ...bins.map((bin) => bin.count)), format: count },
    },
    (x, y) =>
      bins.map(
        ({ count: examples, from, to }) =>
          html`<rect class="column" x="${x(from) + 2}" width="${x(to) - x(from) - 4}" y="${y(examples)}" height="${extent.bottom - y(examples)}" rx="2"><title>${count(examples)} predictions</title></rect>`,
      ),
  )}<p class="soft">Number of predictions behind each column.</p></div>`

const mistakes = ({ mistakes: list }: ClassificationEvaluation, pictures: ReadonlyMap<number, string>): Markup =>
  pictures.size > 0
    ? html`<div class="card pictures">${list.map(({ confidence, expected, index, predicted, source }) => {
        const data = pictures.get(index)
        return html`<figure title="${source ?? `example ${index}`}">${data && html`<img src="${data}" alt="${expected}, taken for ${predicted}" loading="lazy">`}
<span class="wrong">${predicted}</span> ${percent(confidence)}<br>is <span class="good">${expected}</span><br><span class="soft">${source ?? `example ${index}`}</span></figure>`
      })}</div>`
    : html`<div class="card scroll"><table><thead><tr><th>example</th><th>is</th><th>predicted</th><th>confidence</th></tr></thead>
<tbody>${list.map(({ confidence, expected, index, predicted, source }) => html`<tr><td>${source ?? index}</td><td>${expected}</td><td>${predicted}</td><td>${percent(confidence)}</td></tr>`)}</tbody></table></div>`

export const classificationSection = (
  evaluation: ClassificationEvaluation,
  pictures: ReadonlyMap<number, string>,
): Markup => {
  const pairs = confused(evaluation)
  return html`<h2>What it confuses</h2>
<div class="grid">
${evaluation.labels.length <= MATRIX && html`<div class="card">${matrix(evaluation)}</div>`}
${
  pairs.length > 0 &&
  html`<div class="card scroll"><h3>Most frequent confusions</h3><table><thead><tr><th>true → predicted</th><th>times</th><th>of the class</th></tr></thead>
<tbody>${pairs.map(({ share, text, times }) => html`<tr><td>${text}</td><td>${count(times)}</td><td>${percent(share)}</td></tr>`)}</tbody></table></div>`
}
</div>
<h2>Each class</h2>
${perClass(evaluation)}
<h2>How far its confidence can be trusted</h2>
<div class="grid">${calibration(evaluation)}${sureness(evaluation)}</div>
${evaluation.mistakes.length > 0 && html`<h2>The mistakes it was surest of</h2>${mistakes(evaluation, pictures)}`}`
}
