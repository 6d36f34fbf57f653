import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Signature } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'
import { readInput } from '../../../sdk/src/inputs.ts'
import { flatten, shapeOf, shortest, toNested } from '../../../sdk/src/nested.ts'

const signature: Signature = {
  inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
  outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
}
const jpeg = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 1, 2])

describe('what a caller gives', () => {
  it('is a tensor by its shape', async () => {
    const tensor = { data: new Float32Array(4), shape: [2, 2] }
    expect(await readInput(tensor, signature)).toEqual({ kind: 'tensors', tensors: { x: tensor } })
    expect(await readInput({ x: tensor }, signature)).toEqual({ kind: 'tensors', tensors: { x: tensor } })
  })

  it('is nested lists, or a list of typed arrays', async () => {
    const lists = { kind: 'lists', lists: { x: [[1, 2]] } }
    expect(await readInput([[1, 2]], signature)).toEqual(lists)
    expect(await readInput({ x: [[1, 2]] }, signature)).toEqual(lists)
    expect(await readInput([new Float32Array([1, 2])], signature)).toEqual(lists)
  })

  it('is an image by its content, one or several, bytes or a path', async () => {
    const file = join(await mkdtemp(join(tmpdir(), 'sdk-')), 'photo.without-extension')
    await writeFile(file, jpeg)
    const one = { kind: 'images', images: [jpeg] }
    expect(await readInput(jpeg, signature)).toEqual(one)
    expect(await readInput(jpeg.slice().buffer, signature)).toEqual(one)
    const read = await readInput([file, jpeg], signature)
    expect(read.kind === 'images' && read.images.map((image) => [...image])).toEqual([[...jpeg], [...jpeg]])
  })

  it('is rows of a table', async () => {
    const rows = [{ age: 3, kind: 'cat' }]
    expect(await readInput(rows, signature)).toEqual({ kind: 'rows', rows })
  })

  it('is text where the model takes text', async () => {
    const text: Signature = { ...signature, inputs: [{ name: 't', dtype: 'string', shape: [-1] }] }
    expect(await readInput(['hello'], text)).toEqual({ kind: 'lists', lists: { t: ['hello'] } })
  })

  it.each([
    ['a typed array without shape', new Float32Array(4), 'without its shape; give { data, shape }'],
    ['an empty list', [], 'empty list'],
    ['a wrong shape', { data: new Float32Array(4), shape: [3, 2] }, '4 numbers for the shape [3,2], which holds 6'],
    ['bytes that are no image', new Uint8Array([1, 2, 3]), 'no JPEG, PNG or WebP'],
    ['images mixed with numbers', [jpeg, 3], 'example 1 is no image'],
    ['nothing', null, 'got null'],
    ['an object of something else', { x: 3 }, 'got an object with x'],
  ])('is refused when it is %s', async (_, given, message) => {
    await expect(readInput(given as never, signature)).rejects.toMatchObject({
      name: 'BadRequestError',
      message: expect.stringContaining(message),
    })
  })

  it('is refused when a file is missing, or when the model has several inputs and no names are given', async () => {
    await expect(readInput('./nowhere.jpg', signature)).rejects.toThrow('./nowhere.jpg does not exist')
    const two = { ...signature, inputs: [...signature.inputs, { name: 'z', dtype: 'float32' as const, shape: [-1] }] }
    await expect(readInput([[1]], two)).rejects.toThrow('takes 2 inputs; give an object with x, z')
  })
})

describe('numbers in JSON', () => {
  it('are shortened without losing a bit of a float32', () => {
    const bits = new Uint32Array(1)
    const float = new Float32Array(bits.buffer)
    for (let i = 0; i < 20_000; i++) {
      bits[0] = (i * 2654435761) >>> 0
      const [value = 0] = float
      if (!Number.isFinite(value)) continue
      expect(Math.fround(JSON.parse(JSON.stringify(shortest(value))))).toBe(value === 0 ? 0 : value)
    }
    expect(JSON.stringify(shortest(Math.fround(0.1)))).toBe('0.1')
    expect(JSON.stringify(shortest(Math.fround(17 / 255)))).toBe('0.06666667')
  })

  it('come and go between flat and nested', () => {
    const data = new Float32Array([1, 2, 3, 4, 5, 6])
    expect(toNested({ data, shape: [3, 2, 1] })).toEqual([
      [[1], [2]],
      [[3], [4]],
      [[5], [6]],
    ])
    expect(toNested({ data, shape: [3, 2] }, 1, 2)).toEqual([[3, 4]])
    expect(
      shapeOf([
        [[1], [2]],
        [[3], [4]],
      ]),
    ).toEqual([2, 2, 1])
    expect(
      flatten(
        [
          [1, 2],
          [3, 4],
        ],
        [2, 2],
      ),
    ).toEqual(new Float32Array([1, 2, 3, 4]))
  })
})
