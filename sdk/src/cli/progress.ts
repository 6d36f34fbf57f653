/** Draws long work for a person: a bar that is replaced by a line when its part is done; only the lines where nobody watches. */
import type { TrainingEventBody } from '@maas/core/contract'
import { Presets, SingleBar } from 'cli-progress'
import { formatNumber, formatSeconds } from './format.ts'
import type { Output } from './output.ts'

/** One bar at a time; `show` starts or moves it, `clear` takes it away. */
export interface Bar {
  show(label: string, done: number, total: number, tail?: string): void
  clear(): void
}

const frame = '{label} {bar} {percentage} %  {tail}'

export const createBar = (output: Output): Bar => {
  let bar: SingleBar | undefined
  return {
    show: (label, done, total, tail = '') => {
      if (!output.interactive) return
      if (!bar) {
        bar = new SingleBar(
          {
            format: frame,
            clearOnComplete: true,
            hideCursor: true,
            barsize: 16,
            stream: process.stderr,
            linewrap: false,
          },
          Presets.shades_classic,
        )
        bar.start(Math.max(1, total), done, { label, tail })
      }
      bar.setTotal(Math.max(1, total))
      bar.update(done, { label, tail })
    },
    clear: () => {
      bar?.stop()
      bar = undefined
    },
  }
}

const shownMetrics = ['loss', 'accuracy', 'mae', 'val_loss', 'val_accuracy', 'val_mae']

const metricsText = (metrics: Readonly<Record<string, number>>): string =>
  shownMetrics
    .filter((name) => metrics[name] !== undefined)
    .map((name) => `${name} ${(metrics[name] ?? Number.NaN).toFixed(4)}`)
    .join('  ')

const reasons: Record<Extract<TrainingEventBody, { event: 'end' }>['reason'], string> = {
  completed: 'All epochs done',
  early_stopped: 'Stopped early: validation no longer improves',
  small_gradient: 'Stopped: the gradient is below its threshold',
  time_limit: 'Stopped at the time limit',
  stopped: 'Stopped on request; the checkpoint is kept',
}

/** Shows a training run; give it every event in order, and `clear` it when the run is left before its end. */
export interface TrainingView {
  show(event: TrainingEventBody): void
  clear(): void
}

export const followTraining = (output: Output): TrainingView => {
  const bar = createBar(output)
  const say = (text: string): void => {
    bar.clear()
    output.line(text)
  }
  const show = (event: TrainingEventBody): void => {
    switch (event.event) {
      case 'data':
        if (event.total) bar.show('data', event.done, event.total, `${event.done}/${event.total} examples`)
        if (event.message) say(`data   ${event.message}`)
        break
      case 'model':
        say(`model  ${event.preset}, ${event.parameters.toLocaleString('en')} parameters: ${event.summary}`)
        break
      case 'step':
        bar.show(
          `epoch ${event.epoch}/${event.epochs}`,
          event.step,
          event.steps,
          // What matters least comes last: a terminal of 80 columns cuts behind the metrics.
          `${formatSeconds(event.secondsLeft)} left  ${metricsText({ loss: event.loss, ...event.metrics })}  ${Math.round(event.imagesPerSecond)} examples/s  step ${event.step}/${event.steps}`,
        )
        break
      case 'epoch':
        say(
          `epoch ${String(event.epoch).padStart(String(event.epochs).length)}/${event.epochs}  ${metricsText(event.metrics)}  ${formatSeconds(event.seconds)}${event.best ? '  best' : ''}`,
        )
        break
      case 'notice':
        say(`${event.level === 'warning' ? 'notice ' : 'note   '}${event.message}`)
        break
      case 'evaluation':
        say(
          `${event.split.padEnd(6)} ${Object.entries(event.metrics)
            .map(([name, value]) => `${name} ${formatNumber(value)}`)
            .join('  ')}`,
        )
        break
      case 'end':
        say(`${reasons[event.reason]} after ${formatSeconds(event.seconds)}; best epoch ${event.bestEpoch}.`)
        break
      case 'failure':
        bar.clear()
        break
      case 'checkpoint':
        break
    }
  }
  return { show, clear: () => bar.clear() }
}
