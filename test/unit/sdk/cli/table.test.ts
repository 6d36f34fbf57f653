/** Tables of the command line. */
import { describe, expect, it } from 'vitest'
import { table } from '../../../../sdk/src/cli/table.ts'

const rows = [
  ['cifar10', '3', '0.655'],
  ['a-much-longer-model-name', '12', '0.7'],
]

describe('table', () => {
  it('aligns words to the left and numbers to the right', () => {
    expect(table(['model', 'versions', 'accuracy'], rows, 80).split('\n')).toEqual([
      'model                     versions  accuracy',
      '────────────────────────  ────────  ────────',
      'cifar10                          3     0.655',
      'a-much-longer-model-name        12       0.7',
    ])
  })

  it('cuts the widest column until every line fits the terminal', () => {
    const lines = table(['model', 'versions', 'accuracy'], rows, 36).split('\n')
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(36)
    expect(lines.at(-1)).toContain('…')
    expect(lines.at(-1)).toContain('0.7')
  })

  it('cuts words before numbers and times', () => {
    const row = ['2026-11-24 23:15', '0.6453', 'cifar10-20261124-231023']
    const [, , line] = table(['created', 'test_accuracy', 'from'], [row], 48).split('\n')
    expect(line).toBe('2026-11-24 23:15         0.6453  cifar10-202611…')
  })

  it('prints only the header when there are no rows', () => {
    expect(table(['a', 'b'], [], 80)).toBe('a  b\n─  ─')
  })
})
