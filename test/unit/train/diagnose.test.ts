import { findOverfitting, findStandstill, overfittingGap } from '@maas/core/train'
import { describe, expect, it } from 'vitest'

const epochs = (train: readonly number[], validation: readonly number[]) =>
  train.map((loss, i) => ({ loss, val_loss: validation[i] ?? Number.NaN, accuracy: 1 - loss / 3, val_accuracy: 0.6 }))

describe('overfitting', () => {
  it('is named with both losses, the epochs and what to try', () => {
    const found = findOverfitting(epochs([1.5, 1.1, 0.8, 0.7, 0.6, 0.5], [1.3, 1.1, 1.05, 1.02, 1.1, 1.2]))
    expect(found?.since).toBe(5)
    expect(found?.message).toContain(
      'Overfitting since epoch 5: validation loss has risen from 1.02 (epoch 4) to 1.20 (epoch 6) while training loss kept falling, 0.700 to 0.500.',
    )
    expect(found?.message).toMatch(/Try .*augment=true.*dropout/)
  })

  it.each([
    ['validation still improves', [3, 2, 1, 0.5], [3, 2, 1.5, 1.2]],
    ['validation only wavers', [3, 2, 1, 0.9], [3, 1.2, 1.21, 1.22]],
    ['one epoch was bad', [3, 2, 1, 0.9], [3, 1.2, 1.3, 1.19]],
    ['only the last epoch turned', [3, 2, 1], [3, 1.2, 1.5]],
    ['training got worse too', [3, 1, 2, 2.5], [3, 1.2, 1.5, 1.8]],
    ['there is no validation', [3, 1, 0.5, 0.2], []],
  ])('is not claimed when %s', (_, train, validation) => {
    expect(findOverfitting(epochs(train, validation))).toBeUndefined()
  })
})

describe('a run that learned nothing', () => {
  it('is named with both losses and what to try', () => {
    expect(findStandstill(epochs([2.25, 2.4, 2.31], []))).toMatch(
      /not fallen: 2\.25 in epoch 1, 2\.31 in epoch 3\. .*ten times lower/,
    )
  })

  it.each([[[2, 1.9]], [[2]], [[]]])('is not claimed of %j', (losses) => {
    expect(findStandstill(epochs(losses, []))).toBeUndefined()
  })
})

describe('the gap that a gate can bound', () => {
  it('is how much better the training data went than the validation data, whatever better means', () => {
    expect(overfittingGap({ accuracy: 0.75, val_accuracy: 0.5 })).toEqual({ overfitting_gap: 0.25 })
    expect(overfittingGap({ accuracy: 0.5, val_accuracy: 0.75 })).toEqual({ overfitting_gap: -0.25 })
    expect(overfittingGap({ mae: 2, val_mae: 3.5 })).toEqual({ overfitting_gap: 1.5 })
  })

  it('is not there where nothing was validated, so that a gate on it holds the alias back', () => {
    expect(overfittingGap({ accuracy: 0.75 })).toEqual({})
  })
})
