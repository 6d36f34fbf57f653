import { checkGate, parseGate } from '@maas/core/train'
import { describe, expect, it } from 'vitest'

const metrics = { test_accuracy: 0.65, test_loss: 1.1, overfitting_gap: 0.08 }

describe('the gate', () => {
  it.each([
    ['test_accuracy>=0.65', true],
    ['test_accuracy>=0.66', false],
    ['test_loss<=1.1', true],
    ['test_loss<=1', false],
    ['test_loss>=-3', true],
    ['test_accuracy>=0.6,overfitting_gap<=0.1', true],
    ['test_accuracy>=0.6,overfitting_gap<=0.05', false],
    ['test_accuracy>=0.7,overfitting_gap<=0.1', false],
  ])('%s is passed: %s', (text, passed) => {
    expect(checkGate(parseGate(text), metrics).passed).toBe(passed)
  })

  it('lets nothing through that was not measured', () => {
    const result = checkGate(parseGate('test_auc>=0'), metrics)
    expect(result).toEqual({
      passed: false,
      message: 'test_auc was not measured; the candidate has overfitting_gap, test_accuracy, test_loss: not passed',
    })
  })

  it.each(['', 'accuracy', 'accuracy>0.5', 'accuracy>=', 'Accuracy>=1', 'a>=1;b>=2', 'a>=1,', 'a>=1, b>=2', 'a>=1e3'])(
    'refuses %j',
    (text) => {
      expect(() => parseGate(text)).toThrow(/allowed is a metric/)
    },
  )
})
