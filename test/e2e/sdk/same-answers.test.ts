/** One model asked in this process and behind the service: the same calls, the same numbers, the same errors. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel, Maas, type Model, type Score, type Tensor } from '../../../sdk/src/index.ts'
import { tutorial } from '../../support/keras-fixtures.ts'
import { makeRegistry, rowsOf, runService } from '../serve/running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let here: Model
let there: Model
let images: Uint8Array[]

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root })
  here = await loadModel('tiny@production', { root: registry.folder })
  there = await loadModel('tiny@production', { url: service.url })
  images = await Promise.all(
    [0, 1, 2].map((i) =>
      sharp({ create: { width: 20 + i, height: 16, channels: 3, background: { r: 80 * i, g: 90, b: 200 - 60 * i } } })
        .jpeg()
        .toBuffer(),
    ),
  )
})
afterAll(async () => {
  await Promise.all([here?.dispose(), there?.dispose(), service?.close()])
  await registry?.remove()
})

const tensorOf = (rows: number): Tensor => ({
  data: Float32Array.from(rowsOf(rows).flat(3)),
  shape: [rows, 8, 8, 3],
})
/** max|a-b| / max|b| */
const difference = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
  const largest = Math.max(...Array.from(b, Math.abs))
  return Math.max(...Array.from(a, (value, i) => Math.abs(value - (b[i] ?? Number.NaN)))) / largest
}
const dataOf = (answer: unknown): Float32Array => (answer as Tensor).data as Float32Array

describe('the same numbers here and there', () => {
  it.each([1, 32, 100])('for a tensor of %i examples', async (rows) => {
    const input = tensorOf(rows)
    const [local, remote] = await Promise.all([here.predict(input), there.predict(input)])
    expect((remote as Tensor).shape).toEqual([rows, 3])
    expect(difference(dataOf(remote), dataOf(local))).toBeLessThanOrEqual(1e-5)
    // Negative control: another input must differ by more.
    const other = dataOf(await here.predict({ ...input, data: input.data.map((value) => value + 0.05) }))
    expect(difference(dataOf(remote), other)).toBeGreaterThan(1e-5)
  })

  it('for more examples than one request may hold', async () => {
    const input = tensorOf(3000)
    const [local, remote] = await Promise.all([here.predict(input), there.predict(input)])
    expect(difference(dataOf(remote), dataOf(local))).toBeLessThanOrEqual(1e-5)
  })

  it('for nested lists', async () => {
    const [local, remote] = await Promise.all([here.predict(rowsOf(2)), there.predict(rowsOf(2))])
    expect(difference((remote as number[][]).flat(), (local as number[][]).flat())).toBeLessThanOrEqual(1e-5)
  })

  it('for images as bytes and as files, one and several', async () => {
    const files = await Promise.all(
      images.map(async (image, i) => {
        const file = join(registry.folder, `${i}.jpg`)
        await writeFile(file, image)
        return file
      }),
    )
    const flat = (scores: Score[][]) => scores.map((row) => row.map(({ label }) => label))
    for (const input of [images[0] as Uint8Array, images, files, files[1] as string]) {
      const [local, remote] = await Promise.all([here.classify(input), there.classify(input)])
      expect(flat(remote)).toEqual(flat(local))
      const probabilities = (scores: Score[][]) => scores.flat().map(({ probability }) => probability)
      expect(difference(probabilities(remote), probabilities(local))).toBeLessThanOrEqual(1e-5)
    }
  })
})

describe('the same description and the same errors here and there', () => {
  it('in name, version and signature', () => {
    for (const model of [here, there]) {
      expect(model).toMatchObject({ name: 'tiny', version: 1 })
      expect(model.signature).toEqual(here.signature)
    }
    expect(here.labels).toEqual(['cat', 'dog', 'eel'])
  })

  it.each([
    ['unknown model', 'nothing', 'NotFoundError'],
    ['unknown alias', 'tiny@nobody', 'NotFoundError'],
    ['unknown version', 'tiny:99', 'NotFoundError'],
    ['no reference', 'Not A Model', 'BadRequestError'],
  ])('for an %s', async (_, reference, name) => {
    await expect(loadModel(reference, { root: registry.folder })).rejects.toMatchObject({ name })
    await expect(loadModel(reference, { url: service.url })).rejects.toMatchObject({ name })
  })

  it.each([
    ['wrong shape', [[1, 2, 3]]],
    ['text for a number', [[[['a']]]]],
    ['NaN', { data: new Float32Array(192).fill(Number.NaN), shape: [1, 8, 8, 3] }],
    ['a damaged image', new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 0, 0])],
  ])('for %s', async (_, input) => {
    for (const model of [here, there]) {
      await expect(model.predict(input as number[][])).rejects.toMatchObject({ name: 'BadRequestError', status: 400 })
    }
  })
})

describe('a model from a file', () => {
  it('saved as .h5 and as TF.js answers like the one it came from', async () => {
    const input = tensorOf(4)
    const expected = dataOf(await here.predict(input))
    const files = [
      ['model.h5', {}],
      ['model.json', {}],
      ['./saved', { format: 'savedmodel' }],
    ] as const
    for (const [name, options] of files) {
      const file = join(registry.folder, name)
      await here.save(file, options)
      const model = await loadModel(file, { labels: ['cat', 'dog', 'eel'] })
      expect(difference(dataOf(await model.predict(input)), expected)).toBeLessThanOrEqual(1e-6)
      expect((await model.classify(input))[0]).toHaveLength(3)
      await model.dispose()
    }
    await expect(there.save('model.h5')).rejects.toThrow('does not hand out weights')
  })

  it('is the tutorial’s, as Python Keras 3 saved it: what Keras predicted, also when it was saved again', async () => {
    const { file, images: rows, predictions } = await tutorial()
    const path = join(registry.folder, 'tutorial.h5')
    await writeFile(path, file('h5'))
    const model = await loadModel(path)
    const answer = (await model.predict(rows)) as number[][]
    expect(difference(answer.flat(), predictions.flat())).toBeLessThanOrEqual(1e-5)
    expect(difference(answer.toReversed().flat(), predictions.flat())).toBeGreaterThan(1e-2)
    await model.save(join(registry.folder, 'again.h5'))
    await model.dispose()
    const again = await loadModel(join(registry.folder, 'again.h5'))
    expect(difference(((await again.predict(rows)) as number[][]).flat(), predictions.flat())).toBeLessThanOrEqual(1e-5)
    await again.dispose()
  })

  it('that is not there is not looked for among the names', async () => {
    await expect(loadModel('./tiny')).rejects.toMatchObject({ name: 'NotFoundError', message: './tiny does not exist' })
    await expect(loadModel('tiny.h5', { url: service.url })).rejects.toMatchObject({ name: 'NotFoundError' })
  })
})

describe('the control plane', () => {
  it('lists, moves an alias, and refuses a stale move', async () => {
    const maas = new Maas({ url: service.url })
    expect(await maas.models.list()).toMatchObject([{ name: 'tiny', versions: [1, 2] }])
    const { generation } = await maas.aliases.get('tiny', 'production')
    const moved = await maas.aliases.set('tiny', 'production', 2, { reason: 'test', generation })
    expect(moved.targets).toEqual([{ version: 2, weight: 100 }])
    await expect(maas.aliases.set('tiny', 'production', 1, { generation })).rejects.toMatchObject({
      name: 'ConflictError',
    })
    await expect(maas.versions.delete('tiny', 2)).rejects.toMatchObject({ name: 'ConflictError' })
    await maas.aliases.set('tiny', 'production', 1)
  })
})
