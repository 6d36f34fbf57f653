/** One training job while it runs: its course, progress, curves, notices, and a way to stop it. */
import type { History, JobDescription, TrainingEvent } from '@maas/core/contract'
import { curves } from '../curves.ts'
import { askFor } from '../dialog.ts'
import { failure, h } from '../dom.ts'
import { follow } from '../events.ts'
import { duration, figure, when } from '../format.ts'
import { facts, pageHead, statusPill, time } from '../parts.ts'
import { getJson, part, sendJson } from '../service.ts'

const isRunning = ({ TrainingJobStatus: status }: JobDescription): boolean =>
  status === 'InProgress' || status === 'Stopping'

const summary = (job: JobDescription): HTMLElement => {
  const { Output: output, Price: price, HyperParameters: asked, TrainingTimeInSeconds: seconds } = job
  return facts([
    ['status', statusPill(job.TrainingJobStatus, job.SecondaryStatus)],
    output !== undefined && [
      'became',
      h('a', { href: `#/models/${part(output.model)}` }, `${output.model} version ${output.version}`),
    ],
    output !== undefined && ['gate', output.gate],
    asked.maas_preset !== undefined && ['preset', asked.maas_preset],
    ['started', time(job.CreationTime)],
    seconds !== undefined && ['trained for', duration(seconds)],
    price !== undefined && ['price', `${price.Amount} ${price.Currency}, ${price.Basis}`],
  ])
}

const course = (job: JobDescription, open: boolean): HTMLElement =>
  h(
    'details',
    { open },
    h('summary', {}, 'Course'),
    h(
      'ol',
      { class: 'history' },
      ...job.SecondaryStatusTransitions.map(({ Status: status, StartTime: at, StatusMessage: message }) =>
        h('li', {}, `${when(at)}: ${status}${message === undefined ? '' : `, ${message}`}`),
      ),
    ),
  )

/** What the events say so far, drawn again with each that changes something. */
const createView = () => {
  const progress = h('progress', { 'aria-label': 'Progress of the training', max: 1, value: 0 })
  const line = h('p', { role: 'status' }, 'Waiting for the first step…')
  const drawn = h('div', { class: 'curves' })
  const notices = h('div', {})
  const history: { epochs: Record<string, number>[]; bestEpoch: number; notices: History['notices'] } = {
    epochs: [],
    bestEpoch: 0,
    notices: [],
  }
  const show = (event: TrainingEvent): void => {
    if (event.event === 'step') {
      progress.value = (event.epoch - 1 + event.step / event.steps) / event.epochs
      line.textContent = `epoch ${event.epoch} of ${event.epochs}, step ${event.step} of ${event.steps}, loss ${figure(event.loss)}, ${Math.round(event.imagesPerSecond)} images/s, about ${duration(event.secondsLeft)} left`
    }
    if (event.event === 'epoch') {
      progress.value = event.epoch / event.epochs
      history.epochs[event.epoch - 1] = event.metrics
      if (event.best) history.bestEpoch = event.epoch
      // A job that was resumed in a new attempt may not tell its first epochs again.
      drawn.replaceChildren(...curves({ ...history, epochs: [...history.epochs].map((row) => row ?? {}) }))
    }
    if (event.event === 'notice') notices.append(h('p', { class: `notice ${event.level}` }, event.message))
    if (event.event === 'failure') notices.append(h('p', { class: 'notice warning' }, event.message))
    if (event.event === 'end') {
      progress.hidden = true
      line.textContent = `Training ended: ${event.reason.replaceAll('_', ' ')}, best epoch ${event.bestEpoch}.`
    }
  }
  /** One that never began has nothing to wait for. */
  const over = (): void => {
    if (!progress.hidden) line.textContent = ''
    progress.hidden = true
  }
  return { element: h('div', { class: 'live' }, progress, line, drawn, notices), show, over }
}

export const jobPage = async (main: HTMLElement, name: string, signal: AbortSignal): Promise<void> => {
  const path = `/training-jobs/${part(name)}`
  const head = h('div', {})
  const view = createView()
  let drawn = ''
  const draw = (job: JobDescription): void => {
    // What did not change stays as it is, with the reader's focus in it.
    const now = JSON.stringify(job)
    if (now === drawn) return
    drawn = now
    redraw(job)
  }
  const stop = (): void =>
    askFor({
      id: 'stop-title',
      title: `Stop ${name}`,
      content: [h('p', {}, 'It writes a checkpoint first, which is kept.')],
      confirm: 'Stop it',
      run: async () => draw(await sendJson<JobDescription>('POST', `${path}/stop`, {})),
    })
  const redraw = (job: JobDescription): void => {
    const { TrainingJobStatus: status, FailureReason: reason } = job
    const isOpen = head.querySelector('details')?.open === true
    head.replaceChildren(
      pageHead({
        title: name,
        back: { href: '#/jobs', text: 'Jobs' },
        actions: status === 'InProgress' ? [h('button', { type: 'button', click: stop }, 'Stop it…')] : [],
      }),
      summary(job),
      ...(reason === undefined ? [] : [h('p', { class: 'notice warning' }, reason)]),
      course(job, isOpen),
    )
  }
  const job = await getJson<JobDescription>(path, signal)
  draw(job)
  main.append(head, view.element)
  const live = async (): Promise<void> => {
    for await (const { event, data } of follow(`${path}/events`, signal)) {
      if (event !== 'done') view.show(data as TrainingEvent)
      else {
        draw(data as JobDescription)
        view.over()
      }
    }
  }
  live().catch((error: unknown) => {
    if (!signal.aborted) view.element.append(failure(error))
  })
  // The course of a job, which its own events do not tell.
  const timer = setInterval(async () => {
    const latest = await getJson<JobDescription>(path, signal).catch(() => undefined)
    if (latest !== undefined) draw(latest)
    if (latest !== undefined && !isRunning(latest)) clearInterval(timer)
  }, 3000)
  signal.addEventListener('abort', () => clearInterval(timer))
}
