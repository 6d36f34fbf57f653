import { encodeRows } from '@maas/core/data'
import { InvalidInputError } from '@maas/core/errors'
import { describe, expect, it } from 'vitest'
import { asFile, asFolder, read } from './helpers.ts'

const csv = (...lines: readonly string[]) => asFile('table.csv', `${lines.join('\n')}\n`)
const refusalOf = async (location: string, options = {}) => {
  const refusal = await read(location, options).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(InvalidInputError)
  return String(refusal)
}
const tabular = (preprocess: Awaited<ReturnType<typeof read>>['preprocess']) => {
  if (preprocess.kind !== 'tabular') throw new Error(`expected a table, got ${preprocess.kind}`)
  return preprocess
}

describe('readDataSet on tables', () => {
  const flowers = ['length,colour,kind', '1,red,rose', '2,red,rose', '3,blue,iris', '6,white,iris']

  it('standardises numbers, one-hots categories and numbers the classes', async () => {
    const { task, labels, train, preprocess, report } = await read(await csv(...flowers), { target: 'kind' })
    expect([task, labels, train.rowShape, [...train.targets]]).toEqual([
      'classification',
      ['iris', 'rose'],
      [4],
      [1, 1, 0, 0],
    ])
    const std = Math.sqrt(3.5)
    expect(tabular(preprocess).columns).toEqual([
      { name: 'length', type: 'number', mean: 3, std },
      { name: 'colour', type: 'category', values: ['blue', 'red', 'white'] },
    ])
    const wanted = [
      [-2 / std, 0, 1, 0],
      [-1 / std, 0, 1, 0],
      [0, 1, 0, 0],
      [3 / std, 0, 0, 1],
    ].flat()
    expect([...train.features]).toEqual(wanted.map(Math.fround))
    expect(train.sources).toEqual(['table.csv:2', 'table.csv:3', 'table.csv:4', 'table.csv:5'])
    expect(report.warnings.join()).toContain("The target 'kind' has 2 different values: taken as classification")
  })

  it('takes every statistic from the train part alone', async () => {
    const { preprocess, test, report } = await read(
      await asFolder({
        'train.csv': 'size,colour,price\n1,red,10\n3,blue,30\n',
        'test.csv': 'price,colour,size\n100,green,1000\n',
      }),
      { target: 'price', task: 'regression' },
    )
    expect(tabular(preprocess)).toEqual({
      kind: 'tabular',
      columns: [
        { name: 'size', type: 'number', mean: 2, std: 1 },
        { name: 'colour', type: 'category', values: ['blue', 'red'] },
      ],
      target: { name: 'price', mean: 20, std: 10 },
    })
    expect([...test.features, ...test.targets]).toEqual([998, 0, 0, 8])
    expect(report.warnings.join()).toContain(
      "Column 'colour' has 1 values outside the train part that the train part lacks",
    )
  })

  it('fits on the train part of a seeded split too', async () => {
    const rows = Array.from({ length: 50 }, (_, row) => `${row},${row % 2 === 0 ? 'even' : 'odd'}`)
    const { preprocess, train } = await read(await csv('n,class', ...rows), { testSplit: 0.4, seed: 5 })
    const kept = (train.sources ?? []).map((source) => Number(source.split(':')[1]) - 2)
    const mean = kept.reduce((sum, n) => sum + n, 0) / kept.length
    expect(kept).toHaveLength(30)
    expect(tabular(preprocess).columns[0]).toMatchObject({ mean })
    expect(mean).not.toBe(24.5)
  })

  it('gives encodeRows, and so serving, the numbers that training saw', async () => {
    const { train, preprocess } = await read(await csv(...flowers, ',,rose'), { target: 'kind' })
    const rows = [
      { length: 1, colour: 'red' },
      { length: '2', colour: 'red' },
      { length: 3, colour: 'blue' },
      { length: 6, colour: 'white' },
      { length: null, colour: null },
    ]
    expect(encodeRows(rows, tabular(preprocess))).toEqual(train.features)
  })

  it('says which values are missing and what stands in for them', async () => {
    const { train, report } = await read(await csv('a,b,class', '1,x,p', 'NA,?,q', '3,,p'), {})
    expect([...train.features]).toEqual([-1, 1, 0, 0, 1, 0])
    expect(report.warnings.join()).toContain("Column 'a' misses 1 of 3 values; the mean of the train part stands in")
    expect(report.warnings.join()).toContain("Column 'b' misses 2 of 3 values; they count as no category")
  })

  it('counts rows without a target as unreadable', async () => {
    const location = await csv('a,class', '1,p', '2,', '3,q')
    const { train, report } = await read(location, { maxBadFiles: 1 })
    expect(train.examples).toBe(2)
    expect(report.badFiles).toEqual([{ path: 'table.csv:3', reason: "its target 'class' is missing" }])
    expect(await refusalOf(location)).toContain('max_bad_files')
  })

  it('infers regression from fractions and from many different numbers, and says so', async () => {
    const many = Array.from({ length: 30 }, (_, row) => `${row % 7},${row}`)
    for (const rows of [['1,0.5', '2,1.5'], many]) {
      const { task, labels, report } = await read(await csv('a,y', ...rows))
      expect([task, labels]).toEqual(['regression', []])
      expect(report.warnings.join()).toContain('taken as regression. Set task to change it')
    }
    expect((await read(await csv('a,y', '1,10', '2,9', '3,10'))).labels).toEqual(['9', '10'])
  })

  it('reads quotes, semicolons, tabs, a byte order mark and Windows line ends', async () => {
    const { train, preprocess } = await read(await csv('\ufeffa;b;class\r', '1;"x;\ny";p\r', '2;z;q\r'))
    expect(train.examples).toBe(2)
    expect(tabular(preprocess).columns[1]).toMatchObject({ values: ['x;\ny', 'z'] })
    expect((await read(await asFile('t.tsv', 'a\tclass\n1\tp\n2\tq\n'))).train.examples).toBe(2)
  })

  it.each([
    [
      'a row that is too short',
      ['a,b,class', '1,2,p', '1,p', '3,4,q'],
      'table.csv line 3 has 2 values; the header has 3 columns',
    ],
    [
      'a row that is too long',
      ['a,class', '1,p', '2,q', '1,p,7'],
      'table.csv line 4 has 3 values; the header has 2 columns',
    ],
    ['a quote that is never closed', ['a,class', '1,"p', '2,q'], 'cannot be read as CSV'],
    [
      'a target that is not known',
      ['a,b', '1,p'],
      "Which column is to be predicted is not known. Set target to one of 'a' and 'b'",
    ],
    ['a file without rows', ['a,class'], 'has no rows'],
    ['a file without a header', ['1,2', '3,4'], 'must begin with a line of column names'],
    ['two columns of one name', ['a,a,class', '1,2,p'], "column 'a' twice"],
    ['one class', ['a,class', '1,p', '2,p'], "one class only, 'p'"],
    ['nothing to learn from', ['class', 'p', 'q'], 'no column to learn from'],
  ])('refuses %s', async (_, lines, said) => {
    expect(await refusalOf(await csv(...lines))).toContain(said)
  })

  it('lists the columns when the target is none of them', async () => {
    expect(await refusalOf(await csv(...flowers), { target: 'sort' })).toContain(
      "There is no column 'sort' to predict. Set target to one of 'length', 'colour' and 'kind'",
    )
  })

  it('names the line of a target that is no number', async () => {
    expect(await refusalOf(await csv('a,y', '1,2', '2,x'), { task: 'regression' })).toContain(
      "table.csv line 3: the target 'y' is 'x'",
    )
  })

  it('refuses a column of too many texts, and tables with other columns', async () => {
    const rows = Array.from({ length: 1500 }, (_, row) => `name${row},${row % 2}`)
    expect(await refusalOf(await csv('name,class', ...rows))).toContain("'name' has 1500 different texts; at most 1000")
    const folder = await asFolder({ 'train.csv': 'a,class\n1,p\n2,q\n', 'test.csv': 'b,class\n1,p\n' })
    expect(await refusalOf(folder)).toContain("test.csv has other columns than train.csv: it lacks 'a'")
  })
})

describe('encodeRows', () => {
  const spec = {
    kind: 'tabular' as const,
    columns: [
      { name: 'age', type: 'number' as const, mean: 40, std: 10 },
      { name: 'plan', type: 'category' as const, values: ['free', 'paid'] },
    ],
    target: { name: 'price', mean: 0, std: 1 },
  }

  it('encodes one vector a row, and passes over the target', () => {
    expect([...encodeRows([{ plan: 'paid', age: 50, price: 3 }], spec)]).toEqual([1, 0, 1])
  })

  it.each([
    [{ age: 50 }, "Row 1: column 'plan' is absent"],
    [{ age: 'old', plan: 'free' }, `Row 1: column 'age' is "old"; a finite number is needed`],
    [{ age: Number.NaN, plan: 'free' }, "Row 1: column 'age' is null; a finite number is needed"],
    [{ age: [1], plan: 'free' }, "Row 1: column 'age' is an object"],
    [
      { age: 1, plan: 'gold' },
      `Row 1: column 'plan' is "gold", which the model was not trained on. Known: 'free' and 'paid'`,
    ],
    [{ age: 1, plan: 'free', size: 2 }, "Row 1: column 'size' is not known. Columns: 'age' and 'plan'"],
  ])('refuses %j', (row, said) => {
    expect(() => encodeRows([{ age: 1, plan: 'free' }, row], spec)).toThrow(said)
  })

  it('does not mistake inherited names for columns', () => {
    const odd = { ...spec, columns: [{ name: 'constructor', type: 'number' as const, mean: 0, std: 1 }] }
    expect(() => encodeRows([{}], odd)).toThrow("column 'constructor' is absent")
  })
})
