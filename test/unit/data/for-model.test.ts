import { readForModel } from '@maas/core/data'
import { InvalidInputError } from '@maas/core/errors'
import { describe, expect, it } from 'vitest'
import { asFile, asZip, fixture, imageFiles, read } from './helpers.ts'

const options = { validationSplit: 0, testSplit: 0, seed: 1, maxBadFiles: 0 }
const table = (...lines: readonly string[]) => asFile('table.csv', `${lines.join('\n')}\n`)
const measure = (train: string, model: Parameters<typeof readForModel>[1], more = {}) =>
  readForModel({ train }, model, { ...options, ...more }, { kernels: {} })

describe('readForModel', () => {
  it('brings images to the size and the class numbers of the model', async () => {
    const trained = await read(await asZip(await imageFiles(['ant', 'bee', 'cat'])), {
      imageSize: { height: 4, width: 4 },
    })
    const data = await measure(await asZip(await imageFiles(['bee', 'cat'], { test: 0, train: 1 })), trained)
    expect([data.train.rowShape, data.labels, [...data.train.targets]]).toEqual([
      [4, 4, 3],
      ['ant', 'bee', 'cat'],
      [1, 2],
    ])
    expect(data.preprocess).toEqual(trained.preprocess)
  })

  it('encodes tables by the statistics of training', async () => {
    const trained = await read(await table('size,colour,class', '0,red,p', '4,blue,q'))
    const data = await measure(await table('colour,size,class', 'red,8,q', 'green,2,p'), trained, { target: 'class' })
    expect([...data.train.features]).toEqual([3, 0, 1, 0, 0, 0])
    expect([...data.train.targets]).toEqual([1, 0])
    expect(data.report.warnings.join()).toContain("Column 'colour' has 1 values")
  })

  it('measures regression in the unit of training', async () => {
    const trained = await read(await table('a,y', '1,10', '3,30'), { task: 'regression' })
    const data = await measure(await table('a,y', '1,50', '2,60'), trained)
    expect([...data.train.targets]).toEqual([3, 4])
  })

  it('refuses a text where training had a number, naming the line', async () => {
    const trained = await read(await table('size,class', '0,p', '4,q'))
    const reading = measure(await table('size,class', '1,p', 'wide,q'), trained)
    await expect(reading).rejects.toThrow("table.csv:3: column 'size' is 'wide'; it was a number in training")
  })

  it('refuses classes, columns and kinds that the model does not know', async () => {
    const pictures = await read(await asZip(await imageFiles(['ant', 'bee'])))
    const numbers = await read(await table('size,class', '0,p', '4,q'))
    for (const [start, said] of [
      [async () => measure(await asZip(await imageFiles(['bee', 'fly'])), pictures), "The model does not know 'fly'"],
      [async () => measure(await table('width,class', '1,p', '2,q'), numbers), "lacks the column 'size'"],
      [() => measure(fixture('one-hot.npz'), numbers), 'holds tensor data; the model was trained on tabular data'],
    ] as const) {
      const reading = start()
      await expect(reading).rejects.toThrow(said)
      await expect(reading).rejects.toBeInstanceOf(InvalidInputError)
    }
  })
})
