/** The preprocessing spec as a person writes it: what is wrong is named, with what is allowed. */
import { checked, givenPreprocessSchema } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'

const image = { kind: 'image', height: 32, width: 32, channels: 3 }
const parse = (spec: unknown) => checked(givenPreprocessSchema, spec, 'preprocess')

describe('a preprocessing spec that a person wrote', () => {
  it('is filled up with the values that stand for what is left out', () => {
    expect(parse({ ...image, mean: [1, 2, 3] })).toMatchObject({ mean: [1, 2, 3], std: [1], scale: 1 / 255 })
    expect(parse({ kind: 'tensor' })).toEqual({ kind: 'tensor' })
  })

  it.each([
    ['another number of channels', { ...image, channels: 4 }, 'preprocess.channels: got 4;'],
    ['a key that is not known', { ...image, means: [1] }, 'Unrecognized key: "means"'],
    ['no kind', { height: 32, width: 32 }, 'kind must be image, tabular, text or tensor, e.g. {"kind":"image"'],
    ['a mean for two channels', { ...image, mean: [0, 1] }, 'an image of 3 channels takes 1 or 3 numbers'],
    ['no width', { kind: 'image', height: 32, channels: 1 }, 'preprocess.width: got undefined'],
  ])('is refused with %s', (_, spec, words) => {
    expect(() => parse(spec)).toThrow(words)
  })
})
