/** The report of a training run: one HTML file that asks nothing of any network and shows what the numbers mean. */
import type { Evaluation, History, Lineage } from '../../contract/index.ts'
import { html, type Markup, style } from '../../html/index.ts'
import { classificationSection } from './classification.ts'
import { type DataInput, dataSection } from './data.ts'
import { count, duration, figure, percent } from './format.ts'
import { learningCurves } from './learning-curves.ts'
import { regressionSection } from './regression.ts'

export interface ReportInput {
  /** Model or job name. */
  readonly title: string
  readonly evaluation: Evaluation
  readonly history: History
  /** Seconds of training. */
  readonly seconds: number
  readonly model: { readonly preset: string; readonly parameters: number; readonly summary: string }
  readonly data: DataInput
  /** Values in force, by hyperparameter name, whether given or the preset's. */
  readonly settings: Readonly<Record<string, string>>
  readonly lineage: Lineage
  /** `data:` URIs of the mistakes' pictures, by example index. */
  readonly pictures: ReadonlyMap<number, string>
}

const tile = (value: string, label: string): Markup =>
  html`<div class="card tile"><b>${value}</b><span>${label}</span></div>`

const headline = ({ evaluation, history, model, seconds }: ReportInput): Markup => {
  const { split } = evaluation
  const measured =
    evaluation.task === 'classification'
      ? [
          tile(percent(evaluation.accuracy), `${split} accuracy`),
          tile(figure(evaluation.loss), `${split} loss`),
          ...Object.entries(evaluation.topK)
            .filter(([k]) => k !== '1')
            .map(([k, share]) => tile(percent(share), `top-${k} accuracy`)),
        ]
      : [
          tile(figure(evaluation.mae), `${split} mean abs. error`),
          tile(figure(Math.sqrt(evaluation.mse)), 'root mean sq. error'),
          tile(figure(evaluation.r2), 'R² (1 is perfect)'),
        ]
  return html`<div class="tiles">${measured}${tile(count(model.parameters), 'parameters')}${tile(`${history.bestEpoch} of ${history.epochs.length}`, 'epoch kept')}${tile(duration(seconds), 'training')}</div>`
}

const definitions = (entries: readonly (readonly [string, string | undefined])[]): Markup =>
  html`<dl>${entries.filter(([, value]) => value !== undefined).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`

const lineageSection = ({ lineage, model, settings }: ReportInput): Markup => html`<h2>Model, settings, origin</h2>
<div class="grid">
<div class="card"><h3>Model</h3>${definitions([
  ['preset', model.preset],
  ['parameters', count(model.parameters)],
  ['layers', model.summary],
])}<h3>Origin</h3>${definitions([
  ['job', lineage.job],
  ['data', lineage.dataset?.name],
  ['seed', lineage.seed === undefined ? undefined : String(lineage.seed)],
  ['code', lineage.code],
  ['kernels', lineage.kernels],
])}</div>
<div class="card"><h3>Hyperparameters</h3>${definitions(Object.entries(settings))}</div>
</div>`

/** Nothing is loaded and no script runs, whatever a class or file is called. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"

export const renderReport = (input: ReportInput): string => {
  const { data, evaluation, history, pictures, title } = input
  const warningsFirst = [...history.notices].sort(
    (a, b) => Number(b.level === 'warning') - Number(a.level === 'warning'),
  )
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}: training report</title>
<style>${style}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p class="soft">${input.model.preset} trained on ${data.report.name}; measured once, on ${count(evaluation.examples)} ${evaluation.split} examples.</p>
${headline(input)}
${warningsFirst.map(({ level, message }) => html`<p class="notice ${level}">${message}</p>`)}
<h2>Learning curves</h2>
<div class="grid">${learningCurves(history)}</div>
${evaluation.task === 'classification' ? classificationSection(evaluation, pictures) : regressionSection(evaluation)}
${dataSection(data)}
${lineageSection(input)}
</main>
</body>
</html>
`.text
}
