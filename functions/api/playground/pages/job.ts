/** One training job while it runs: its course, progress, curves, notices, and a way to stop it. */
import type { History, JobDescription, TrainingEvent } from '@maas/core/contract'
import { curve } from '../curves.ts'
import { failure, h } from '../dom.ts'
import { follow } from '../events.ts'
import { figure, when } from '../format.ts'
import { getJson, part, sendJson } from '../service.ts'

const running = ({ TrainingJobStatus: status }: JobDescription): boolean =>
  status === 'InProgress' || status === 'Stopping'

const outcome = (job: JobDescription): HTMLElement | undefined => {
  const { FailureReason: reason, Output: output } = job
  if (reason !== undefined) return h('p', { class: 'notice warning' }, reason)
  if (output === undefined) return undefined
  const { model, version, gate } = output
  return h('p', {}, 'Became ', h('a', { href: `#/models/${part(model)}` }, `${model} version ${version}`), `. ${gate}`)
}

const course = (job: JobDescription): HTMLElement =>
  h(
    'ol',
    { class: 'history' },
    ...job.SecondaryStatusTransitions.map(({ Status: status, StartTime: at, StatusMessage: message }) =>
      h('li', {}, `${when(at)}: ${status}${message === undefined ? '' : `, ${message}`}`),
    ),
  )

/** What the events say so far, drawn again with each that changes something. */
const createView = () => {
  const progress = h('progress', { 'aria-label': 'Progress of the training', max: 1, value: 0 })
  const line = h('p', { role: 'status' }, 'Waiting for the first step…')
  const curves = h('div', { class: 'curves' })
  const notices = h('div', {})
  const history: { epochs: Record<string, number>[]; bestEpoch: number; notices: History['notices'] } = {
    epochs: [],
    bestEpoch: 0,
    notices: [],
  }
  const show = (event: TrainingEvent): void => {
    if (event.event === 'step') {
      progress.value = (event.epoch - 1 + event.step / event.steps) / event.epochs
      line.textContent = `epoch ${event.epoch} of ${event.epochs}, step ${event.step} of ${event.steps}, loss ${figure(event.loss)}, ${Math.round(event.imagesPerSecond)} images/s, about ${Math.ceil(event.secondsLeft)} s left`
    }
    if (event.event === 'epoch') {
      progress.value = event.epoch / event.epochs
      history.epochs[event.epoch - 1] = event.metrics
      if (event.best) history.bestEpoch = event.epoch
      // A job that was resumed in a new attempt may not tell its first epochs again.
      const known = { ...history, epochs: [...history.epochs].map((row) => row ?? {}) }
      curves.replaceChildren(
        ...['loss', 'accuracy', 'mae'].map((metric) => curve(known, metric)).filter((drawn) => drawn !== undefined),
      )
    }
    if (event.event === 'notice') notices.append(h('p', { class: `notice ${event.level}` }, event.message))
    if (event.event === 'failure') notices.append(h('p', { class: 'notice warning' }, event.message))
    if (event.event === 'end')
      line.textContent = `Training ended: ${event.reason.replaceAll('_', ' ')}, best epoch ${event.bestEpoch}.`
  }
  return { element: h('div', {}, progress, line, curves, notices), show }
}

export const jobPage = async (main: HTMLElement, name: string, signal: AbortSignal): Promise<void> => {
  const path = `/training-jobs/${part(name)}`
  const head = h('div', {})
  let drawn = ''
  const draw = (job: JobDescription): void => {
    // What did not change stays as it is, with the reader's focus in it.
    const now = JSON.stringify(job)
    if (now === drawn) return
    drawn = now
    redraw(job)
  }
  const redraw = (job: JobDescription): void => {
    const stop = h(
      'button',
      {
        type: 'button',
        click: async () => {
          if (!confirm(`Stop ${name}? Its checkpoint is kept.`)) return
          try {
            draw(await sendJson<JobDescription>('POST', `${path}/stop`, {}))
          } catch (error) {
            head.append(failure(error))
          }
        },
      },
      'Stop it…',
    )
    const { TrainingJobStatus: status, SecondaryStatus: now, Price: price } = job
    head.replaceChildren(
      h('p', {}, h('span', { class: 'alias' }, status), ...(now === status ? [] : [` ${now}`])),
      ...(price === undefined ? [] : [h('p', { class: 'soft' }, `${price.Amount} ${price.Currency}, ${price.Basis}`)]),
      ...[outcome(job)].filter((element) => element !== undefined),
      h('details', {}, h('summary', {}, 'Course'), course(job)),
      ...(status === 'InProgress' ? [h('div', { class: 'buttons' }, stop)] : []),
    )
  }
  const job = await getJson<JobDescription>(path, signal)
  draw(job)
  const view = createView()
  main.append(h('h1', {}, name), head, view.element, h('p', {}, h('a', { href: '#/jobs' }, 'All jobs')))
  const live = async (): Promise<void> => {
    for await (const { event, data } of follow(`${path}/events`, signal)) {
      if (event === 'done') draw(data as JobDescription)
      else view.show(data as TrainingEvent)
    }
  }
  live().catch((error: unknown) => {
    if (!signal.aborted) view.element.append(failure(error))
  })
  // The course of a job, which its own events do not tell.
  const timer = setInterval(async () => {
    const latest = await getJson<JobDescription>(path, signal).catch(() => undefined)
    if (latest !== undefined) draw(latest)
    if (latest !== undefined && !running(latest)) clearInterval(timer)
  }, 3000)
  signal.addEventListener('abort', () => clearInterval(timer))
}
