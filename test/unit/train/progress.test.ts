import type { TrainingEventBody } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'
import { stepReporter } from '../../../layers/core/train/progress.ts'

const news = { epoch: 1, epochs: 2, steps: 1000, loss: 1, metrics: {}, examples: 32 }

describe('step events', () => {
  it('come about five times a second, with speed and time left', () => {
    const events: TrainingEventBody[] = []
    let now = 0
    const onStep = stepReporter(
      (event) => events.push(event),
      () => now,
    )
    for (let step = 1; step <= 100; step++) {
      now += 10
      onStep({ ...news, step, examplesLeft: 6400 })
    }
    expect(events.map((event) => event.event === 'step' && event.step)).toEqual([20, 40, 60, 80, 100])
    expect(events.at(-1)).toMatchObject({ imagesPerSecond: 3200, secondsLeft: 2 })
  })

  it('always show the last step of an epoch', () => {
    const events: TrainingEventBody[] = []
    const onStep = stepReporter(
      (event) => events.push(event),
      () => 0,
    )
    onStep({ ...news, step: 1000, examplesLeft: 0 })
    expect(events).toMatchObject([{ step: 1000 }])
  })
})
