/** Answers as bars where they are labels or scores, else as JSON. */
import { h } from './dom.ts'
import { percent } from './format.ts'
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

const bars = (pairs: readonly Pair[]): HTMLElement =>
  h(
    'ol',
    { class: 'bars' },
    ...pairs.slice(0, 10).map(([label, score]) => {
      const fill = h('i', {})
      fill.style.setProperty('width', `${Math.max(0, Math.min(1, score)) * 100}%`)
      return h(
        'li',
        {},
        h('span', { class: 'label' }, label),
        h('span', { class: 'track', 'aria-hidden': true }, fill),
        h('span', { class: 'score' }, percent(score)),
      )
    }),
  )

export const results = ({ body, ms, version, timing }: Answer): HTMLElement => {
  const pairs = pairsOf(body)
  const facts = [
    version !== null && `version ${version}`,
    `${ms.toFixed(0)} ms`,
    pairs && pairs.length > 1 && `first of ${pairs.length} examples`,
  ]
  return h(
    'div',
    {},
    pairs?.[0] && bars(pairs[0]),
    h('p', { class: 'soft' }, facts.filter(Boolean).join(', ')),
    h(
      'details',
      { open: pairs === undefined },
      h('summary', {}, 'The answer as JSON'),
      h('pre', {}, shortened(JSON.stringify(body, null, 2))),
      timing !== null && h('p', { class: 'soft' }, `Server-Timing: ${timing}`),
    ),
  )
}

const most = 20_000
const shortened = (text: string): string =>
  text.length > most ? `${text.slice(0, most)}\n… and ${text.length - most} characters more` : text
