import { csvRow, linesIn } from '@maas/core/transform'
import { describe, expect, it } from 'vitest'

describe('a row of CSV', () => {
  it('has the label, the prediction as JSON, and quotes where they are needed', () => {
    expect(csvRow({ id: 'a "b", c.jpg', label: 'cat', probability: 0.5, prediction: [0.5, 0.5] })).toBe(
      '"a ""b"", c.jpg",cat,0.5,"[0.5,0.5]",\n',
    )
    expect(csvRow({ id: 'x', error: 'line 1\nline 2' })).toBe('x,,,,"line 1\nline 2"\n')
  })

  it('keeps a name that looks like a formula a text', () => {
    expect(csvRow({ id: '=cmd()', prediction: -1 })).toBe("'=cmd(),,,-1,\n")
  })
})

it('a damaged part is named', () => {
  expect(() => linesIn(Buffer.from('{"id":\n'), 'transforms/j/parts/000000-1-0')).toThrow(
    '"transforms/j/parts/000000-1-0" is damaged',
  )
})
