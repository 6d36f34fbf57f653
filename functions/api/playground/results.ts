/** Answers as bars where they are labels or scores, else as JSON. */
import { h } from './dom.ts'
import { percent } from './format.ts'
import { code, pill } from './parts.ts'
import type { Answer } from './request.ts'

type Pair = readonly [label: string, score: number]

const isPairs = (value: unknown): value is Pair[] =>
  Array.isArray(value) && value.every((pair) => Array.isArray(pair) && pair.length === 2 && typeof pair[1] === 'number')

/** Scores of one example, highest first; undefined where an answer is something else. */
const pairsOf = (body: unknown): Pair[][] | undefined => {
  const { results, predictions } = body as { results?: unknown; predictions?: unknown }
  if (Array.isArray(results) && results.every(isPairs)) return results as Pair[][]
  const probabilities = (row: unknown): row is number[] =>
    Array.isArray(row) &&
    row.length > 1 &&
    row.length <= 1000 &&
    row.every((score) => typeof score === 'number' && score >= 0 && score <= 1)
  if (!Array.isArray(predictions) || !predictions.every(probabilities)) return undefined
  return predictions.map((row) => row.map((score, at): Pair => [`output ${at}`, score]).sort((a, b) => b[1] - a[1]))
}

/** Bars shown of one example; the JSON has all. */
const mostBars = 10

const bars = (pairs: readonly Pair[]): HTMLElement =>
  h(
    'ol',
    { class: 'bars' },
    ...pairs.slice(0, mostBars).map(([label, score]) => {
      const fill = h('i', {})
      fill.style.setProperty('width', `${Math.max(0, Math.min(1, score)) * 100}%`)
      return h(
        'li',
        {},
        h('span', { class: 'label', title: label }, label),
        h('span', { class: 'track', 'aria-hidden': true }, fill),
        h('span', { class: 'score' }, percent(score)),
      )
    }),
  )

export const results = ({ body, ms, version, timing }: Answer): HTMLElement => {
  const pairs = pairsOf(body)
  const first = pairs?.[0]
  const said = [
    `${ms.toFixed(0)} ms`,
    pairs && pairs.length > 1 && `first of ${pairs.length} examples`,
    first && first.length > mostBars && `the highest ${mostBars} of ${first.length} scores`,
  ]
  return h(
    'div',
    {},
    first && bars(first),
    h('p', { class: 'soft' }, version !== null && [pill(`version ${version}`), ' '], said.filter(Boolean).join(', ')),
    h(
      'details',
      { open: pairs === undefined },
      h('summary', {}, 'The answer as JSON'),
      h('pre', {}, shortened(JSON.stringify(body, null, 2))),
      timing !== null && h('p', { class: 'soft' }, `Server-Timing: ${timing}`),
    ),
  )
}

/** The same request for a terminal. */
export const asCurl = (command: string): HTMLElement =>
  h('details', {}, h('summary', {}, 'The same as curl'), code(command))

/** In one sentence whether two answers come to the same; undefined where they are no scores. */
export const agreement = (bodies: readonly unknown[]): string | undefined => {
  const tops = bodies.map((body) => pairsOf(body)?.[0]?.[0])
  const [one, other] = tops
  if (one === undefined || other === undefined) return undefined
  return one[0] === other[0]
    ? `Both say ${one[0]}: ${percent(one[1])} and ${percent(other[1])}.`
    : `They differ: ${one[0]} (${percent(one[1])}) and ${other[0]} (${percent(other[1])}).`
}

const most = 20_000
const shortened = (text: string): string =>
  text.length > most ? `${text.slice(0, most)}\n… and ${text.length - most} characters more` : text
