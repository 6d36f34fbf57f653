import { createUploadedImages, withUploads } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../registry/memory-store.ts'

const day = 24 * 3600 * 1000
const setup = () => {
  let now = Date.now()
  const store = createMemoryStore()
  const uploads = createUploadedImages({ store, clock: () => now })
  return { store, uploads, pass: (ms: number) => (now += ms) }
}

describe('uploaded images', () => {
  it('are kept for a week, by what is in them, and then deleted', async () => {
    const { store, uploads, pass } = setup()
    const image = Buffer.from('image')
    const { id, size } = await uploads.keep('owner', image)
    expect([size, (await uploads.keep('owner', image)).id]).toEqual([5, id])
    expect(Buffer.from(await uploads.reader('owner')(id, 'at')).toString()).toBe('image')
    pass(7 * day + 1000)
    await expect(uploads.reader('owner')(id, 'instances[0]')).rejects.toThrow('instances[0]: there is no upload')
    await uploads.sweep()
    expect((await store.list('uploads/')).objects).toEqual([])
  })

  it('of one request have a size together, and one that is named twice counts once', async () => {
    const { uploads } = setup()
    const large = await Promise.all([1, 2].map((fill) => uploads.keep('o', Buffer.alloc(40 * 1024 * 1024, fill))))
    const [first, second] = large.map(({ id }) => id)
    const read = uploads.reader('o')
    await read(first, 'a')
    await read(first, 'b')
    await expect(read(second, 'c')).rejects.toThrow('c: the uploads of this request are larger')
  })
})

describe('values with uploads in them', () => {
  const read = async (id: unknown, at: string) => Buffer.from(`${id} at ${at}`)
  const b64 = (text: string) => ({ b64: Buffer.from(text).toString('base64') })

  it('get them put in as entries, inputs of entries and columns', async () => {
    expect(await withUploads([{ upload: 'x' }, { input: { upload: 'y' } }], 'instances', read)).toEqual([
      b64('x at instances[0]'),
      { input: b64('y at instances[1].input') },
    ])
    expect(await withUploads({ input: [{ upload: 'z' }] }, 'inputs', read)).toEqual({
      input: [b64('z at inputs.input[0]')],
    })
  })

  it('are otherwise left alone', async () => {
    const values = [[1, 2], { upload: 'x', more: 1 }, 'upload', null]
    expect(await withUploads(values, 'instances', read)).toEqual(values)
  })
})
