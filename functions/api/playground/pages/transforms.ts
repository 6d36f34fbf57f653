/** Transform jobs below the training jobs: how far each is, what failed in it, and its predictions to save. */
import type { TransformDescription, TransformList } from '@maas/core/contract'
import { failure, h } from '../dom.ts'
import { figure } from '../format.ts'
import { empty, statusPill, time } from '../parts.ts'
import { ask, getJson, part, sendJson } from '../service.ts'

const command = 'npx maas transform --url URL --model NAME --input datasets/FILE --output predictions.jsonl'

/** Milliseconds between two looks while one is under way. */
const lookMs = 2000

const pathOf = (name: string): string => `/transform-jobs/${part(name)}`

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

/** A button that says below what kept it from its errand. */
const action = (text: string, label: string, said: HTMLElement, run: () => Promise<void>): HTMLElement =>
  h(
    'button',
    {
      type: 'button',
      'aria-label': label,
      click: () => void run().catch((error: unknown) => said.replaceChildren(failure(error))),
    },
    text,
  )

/** Fetched with the key, which a plain link would not carry. */
const save = async (name: string): Promise<void> => {
  const response = await ask(`${pathOf(name)}/output`)
  const kind = response.headers.get('content-type')?.includes('csv') ? 'csv' : 'jsonl'
  const url = URL.createObjectURL(await response.blob())
  h('a', { href: url, download: `${name}.${kind}` }).click()
  setTimeout(() => URL.revokeObjectURL(url), 60_000)
}

const card = ({ TransformJobName: name, ...job }: TransformDescription): HTMLElement => {
  const { TransformJobStatus: status, Progress: progress, Failures: failures, FailureReason: reason } = job
  const said = h('div', {})
  const failed = progress?.Failed ?? 0
  const model = `${job.ModelName.split(/[@:]/)[0]} version ${job.ModelVersion}`
  return h(
    'section',
    { class: 'card', 'aria-label': name },
    h('div', { class: 'title' }, h('h3', {}, name), statusPill(status)),
    h('p', { class: 'soft' }, `${model}, `, time(job.CreationTime)),
    reason !== undefined && h('p', { class: 'notice warning' }, reason),
    progress && h('progress', { 'aria-label': `Progress of ${name}`, max: progress.Inputs, value: progress.Done }),
    progress &&
      h(
        'p',
        {},
        `${figure(progress.Done)} of ${figure(progress.Inputs)} inputs${failed > 0 ? `, ${figure(failed)} failed` : ''}`,
      ),
    failures.length > 0 &&
      h(
        'details',
        {},
        h('summary', {}, 'What failed'),
        h('ul', { class: 'history' }, ...failures.map(({ id, error }) => h('li', {}, `${id}: ${error}`))),
      ),
    h(
      'div',
      { class: 'buttons' },
      status === 'Completed' &&
        action('Save the predictions', `Save the predictions of ${name}`, said, () => save(name)),
      status === 'InProgress' &&
        action('Stop', `Stop ${name}`, said, () => sendJson('POST', `${pathOf(name)}/stop`, {})),
    ),
    said,
  )
}

/** The newest ten; those under way are looked at again until the page is left. */
export const transformSection = async (signal: AbortSignal): Promise<HTMLElement> => {
  const { TransformJobSummaries: jobs } = await getJson<TransformList>('/transform-jobs', signal)
  const cards = new Map<string, { element: HTMLElement; drawn: string; open: boolean }>()
  const look = async (name: string): Promise<void> => {
    const job = await getJson<TransformDescription>(pathOf(name), signal)
    const before = cards.get(name)
    const drawn = JSON.stringify(job)
    if (before?.drawn === drawn) return
    const open = job.TransformJobStatus === 'InProgress' || job.TransformJobStatus === 'Stopping'
    const element = card(job)
    before?.element.replaceWith(element)
    cards.set(name, { element, drawn, open })
  }
  await Promise.all(jobs.map(({ TransformJobName: name }) => look(name)))
  const follow = async (): Promise<void> => {
    for (;;) {
      await pause(lookMs, signal)
      const open = [...cards].filter(([, { open }]) => open).map(([name]) => name)
      if (signal.aborted || open.length === 0) return
      // A look that fails is tried again with the next.
      await Promise.all(open.map((name) => look(name).catch(() => undefined)))
    }
  }
  void follow()
  return h(
    'div',
    {},
    h('h2', {}, 'Transform jobs'),
    jobs.length === 0
      ? empty(h('p', {}, 'None yet. Predict a whole data set in a terminal:'), h('pre', {}, command))
      : h('div', { class: 'cards' }, ...jobs.map(({ TransformJobName: name }) => cards.get(name)?.element)),
  )
}
