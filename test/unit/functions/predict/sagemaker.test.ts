import { describe, expect, it } from 'vitest'
import { parametersOf } from '../../../../functions/predict/sagemaker.ts'

describe('an endpoint', () => {
  it.each([
    ['m', null, { model: 'm' }],
    ['m@production', null, { model: 'm', label: 'production' }],
    ['m:3', null, { model: 'm', version: 3 }],
    ['m', 'production', { model: 'm', label: 'production' }],
    ['m', '3', { model: 'm', version: 3 }],
  ])('%s with the variant %s names a model, a version or an alias', (endpoint, variant, expected) => {
    expect(parametersOf(endpoint, variant)).toEqual(expected)
  })

  it.each([
    ['m@production', '3'],
    ['M', null],
    ['m', '0'],
    ['m', 'not an alias'],
  ])('%s with the variant %s is refused', (endpoint, variant) => {
    expect(() => parametersOf(endpoint, variant)).toThrow()
  })
})
