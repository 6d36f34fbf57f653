/** Step events at a pace a person can follow: a few a second, with a moving average of speed and the time left. */
import type { Report } from '../contract/index.ts'

/** Milliseconds between two step events. */
const PACE = 200
/** Weight of the newest interval in the moving average of speed. */
const NEWEST = 0.3

export interface StepNews {
  readonly epoch: number
  readonly epochs: number
  readonly step: number
  readonly steps: number
  readonly loss: number
  readonly metrics: Readonly<Record<string, number>>
  readonly examples: number
  /** Examples still to be trained on in the whole run. */
  readonly examplesLeft: number
}

/** Reports a step when enough time has passed since the last, and always the last of an epoch. `now` is in milliseconds. */
export const stepReporter = (report: Report, now: () => number): ((news: StepNews) => void) => {
  let [lastAt, examples, speed] = [now(), 0, 0]
  return ({ examples: count, examplesLeft, ...news }) => {
    examples += count
    const elapsed = now() - lastAt
    if (elapsed < PACE && news.step < news.steps) return
    if (elapsed > 0) {
      const latest = (examples * 1000) / elapsed
      speed = speed === 0 ? latest : speed + NEWEST * (latest - speed)
    }
    ;[lastAt, examples] = [now(), 0]
    report({ event: 'step', ...news, imagesPerSecond: speed, secondsLeft: speed === 0 ? 0 : examplesLeft / speed })
  }
}
