import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { writeImageFolderZip } from '@maas/core/data'
import { openInputs, pathSource, storeSource, type TransformItem } from '@maas/core/transform/work'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMemoryStore } from '../registry/memory-store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maas-items-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const write = async (files: Readonly<Record<string, string>>) => {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
}
const open = async (...args: [Parameters<typeof openInputs>[1]?]) => openInputs(await pathSource(folder), args[0])
const all = async (inputs: Awaited<ReturnType<typeof open>>, wanted = (_: number) => true) => {
  const items: TransformItem[] = []
  for await (const [, item] of inputs.read(wanted)) items.push(item)
  return items
}

describe('inputs', () => {
  it('are the images below a folder by name, whatever else lies there', async () => {
    await write({ 'b/2.png': 'two', 'a/1.JPG': 'one', 'notes.txt': 'x', '.hidden.jpg': 'x' })
    const inputs = await open()
    expect(inputs).toMatchObject({ contentType: 'application/x-image', count: 2 })
    expect(await all(inputs)).toEqual([
      { id: 'a/1.JPG', image: Buffer.from('one') },
      { id: 'b/2.png', image: Buffer.from('two') },
    ])
    expect(await all(inputs, (index) => index === 1)).toMatchObject([{ id: 'b/2.png' }])
  })

  it('are the rows of tables, each named by its line; a row of another length fails alone', async () => {
    await write({ 't.csv': 'x,y\n1,2\n3\n\n5,6\n' })
    expect(await all(await open())).toEqual([
      { id: 't.csv:2', instance: { x: '1', y: '2' } },
      { id: 't.csv:3', problem: 'the row has 1 values; the header has 2 columns' },
      { id: 't.csv:5', instance: { x: '5', y: '6' } },
    ])
  })

  it('are lines of JSON; one that is none fails alone', async () => {
    await write({ 'a.jsonl': '[1,2]\n{"x":\n', 'b.ndjson': '\n"text"' })
    const items = await all(await open())
    expect(items).toMatchObject([{ id: 'a.jsonl:1', instance: [1, 2] }, { id: 'a.jsonl:2' }, { id: 'b.ndjson:2' }])
    expect(items[1]).toMatchObject({ problem: expect.stringContaining('not JSON') })
    const last = await all(await open(), (index) => index === 2)
    expect(last).toEqual([{ id: 'b.ndjson:2', instance: 'text' }])
  })

  it('of several kinds must be told apart, and none is refused with what is there', async () => {
    await write({ 'a.jpg': 'x', 'b.csv': 'x\n1\n' })
    await expect(open()).rejects.toThrow('holds application/x-image and text/csv; name one')
    expect((await open('text/csv')).count).toBe(1)
    await expect(open('application/jsonlines')).rejects.toThrow('holds nothing of application/jsonlines')
  })

  it('have another digest when one of them changes, and the same when none does', async () => {
    await write({ 'a.jpg': 'x', 'b.jpg': 'y' })
    const { digest } = await open()
    expect((await open()).digest).toBe(digest)
    await utimes(join(folder, 'b.jpg'), 1, 1)
    expect((await open()).digest).not.toBe(digest)
  })
})

describe('inputs in the object store', () => {
  it('lie below a prefix, in an archive, or in one file, and read the same', async () => {
    const store = createMemoryStore()
    const files = ['a/1.jpg', 'b/2.jpg'].map((path) => ({ path, bytes: Buffer.from(path) }))
    for (const { path, bytes } of files) await store.put(`datasets/set/${path}`, bytes)
    await writeImageFolderZip(join(folder, 'set.zip'), files)
    const { readFile } = await import('node:fs/promises')
    await store.put('datasets/set.zip', await readFile(join(folder, 'set.zip')))
    const read = async (key: string) => {
      const { close, ...source } = await storeSource(store, key)
      const inputs = await openInputs(source, undefined)
      return all(inputs).finally(close)
    }
    const expected = files.map(({ path, bytes }) => ({ id: path, image: bytes }))
    expect(await read('datasets/set/')).toEqual(expected)
    expect(await read('datasets/set')).toEqual(expected)
    expect(await read('datasets/set.zip')).toEqual(expected)
    expect(await read('datasets/set/b/2.jpg')).toEqual([{ id: '2.jpg', image: Buffer.from('b/2.jpg') }])
    await expect(read('datasets/nothing')).rejects.toThrow('There is nothing at datasets/nothing')
  })
})
