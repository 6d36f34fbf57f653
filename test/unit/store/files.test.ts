/** The file store: the common contract, and what only files can get wrong. */

import * as fs from 'node:fs/promises'
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConflictError, StorageError } from '@maas/core/errors'
import { createFileStore, storedContent } from '@maas/core/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { describeObjectStore } from './contract.ts'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'maas-files-'))
})
afterAll(() => rm(base, { recursive: true, force: true }))

const newRoot = () => mkdtemp(join(base, 'root-'))
const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString()

/** Every file and directory below a root, leaving out the (empty) staging directory. */
const tree = async (root: string): Promise<readonly string[]> =>
  (await readdir(root, { recursive: true })).filter((path) => path !== '#tmp').sort()

describeObjectStore('a file store', async () => createFileStore(await newRoot()))

describe('a file store', () => {
  it('does not make its directory before the first write', async () => {
    const root = join(await newRoot(), 'later')
    const store = createFileStore(root)
    expect(await store.list('')).toEqual({ objects: [], prefixes: [] })
    await expect(stat(root)).rejects.toThrow('ENOENT')
  })

  it('leaves nothing behind of what was written and deleted', async () => {
    const root = await newRoot()
    const store = createFileStore(root)
    for (const content of ['1', '2', '3']) await store.put('a/b/c', bytes(content))
    await store.delete('a/b/c')
    expect(await tree(root)).toEqual([])
  })

  it('lets a reader finish the content it began, whatever is written or deleted meanwhile', async () => {
    const root = await newRoot()
    let ahead = 0
    const store = createFileStore(root, { now: () => Date.now() + ahead })
    const old = Buffer.alloc(500_000, 'old ')
    await store.put('a', old)
    const reader = (await store.stream('a'))[Symbol.asyncIterator]()
    const parts = [(await reader.next()).value]
    ahead = 3600_000
    await store.put('a', bytes('new'))
    await store.delete('a')
    for (let part = await reader.next(); !part.done; part = await reader.next()) parts.push(part.value)
    expect(Buffer.concat(parts).equals(old)).toBe(true)
  })

  it('links what it gave rather than writing it again, and writes it where that cannot be', async () => {
    const root = await newRoot()
    const written = async (own: typeof fs, name: string) => {
      const store = createFileStore(root, { fs: own })
      await store.put(`${name}-from`, bytes('content'))
      await store.put(`${name}-to`, await storedContent(store, `${name}-from`))
      const files = (await tree(root)).filter((path) => path.startsWith(`${name}-`) && /\/\d+$/.test(path))
      return new Set(await Promise.all(files.map(async (path) => (await stat(join(root, path))).ino))).size
    }
    const refused = () => Promise.reject(Object.assign(new Error('too many links'), { code: 'EMLINK' }))
    expect(await written(fs, 'linked')).toBe(1)
    expect(await written({ ...fs, link: refused }, 'written')).toBe(2)
  })

  it('takes a file over, by a copy from another file system, and nothing that is no file', async () => {
    const root = await newRoot()
    const source = async (name: string, content = 'content') => {
      const path = join(await newRoot(), name)
      await fs.writeFile(path, content)
      return path
    }
    const store = createFileStore(root)
    const own = await source('own')
    const { ino } = await stat(own)
    expect(await store.putFile('a', own)).toMatchObject({ key: 'a', size: 7 })
    expect(text(await store.get('a'))).toBe('content')
    const files = (await tree(root)).filter((path) => path.startsWith('a') && /\/\d+$/.test(path))
    expect((await stat(join(root, files[0] ?? ''))).ino).toBe(ino)

    const elsewhere = (from: string, to: string) =>
      from.startsWith(root) ? fs.rename(from, to) : Promise.reject(Object.assign(new Error('far'), { code: 'EXDEV' }))
    const far = createFileStore(root, { fs: { ...fs, rename: elsewhere } as typeof fs })
    await far.putFile('b', await source('far'))
    expect(text(await store.get('b'))).toBe('content')

    const link = `${await source('target', 'secret')}-link`
    await fs.symlink(link.slice(0, -5), link)
    await expect(store.putFile('c', link)).rejects.toThrow(/is no file/)
    await expect(store.putFile('c', `${link}-absent`)).rejects.toThrow()
    expect(await store.head('c')).toBeUndefined()
  })

  it('frees replaced content once no writer can still be aiming at its number', async () => {
    const root = await newRoot()
    let ahead = 0
    const store = createFileStore(root, { now: () => Date.now() + ahead })
    for (const content of ['1', '2', '3']) await store.put('a', bytes(content))
    const generations = async () => (await tree(root)).filter((path) => /\/\d+$/.test(path)).length
    expect(await generations()).toBe(3)
    ahead = 60_000
    await store.put('a', bytes('4'))
    expect(await generations()).toBe(1)
    expect(text(await store.get('a'))).toBe('4')
  })

  it('distrusts its own success after standing still in the middle of a write', async () => {
    const root = await newRoot()
    let ahead = 0
    const link = (...paths: Parameters<typeof fs.link>) => {
      ahead += 60_000
      return fs.link(...paths)
    }
    const slow = { ...fs, link }
    const store = createFileStore(root, { fs: slow, now: () => Date.now() + ahead })
    await store.put('a', bytes('1'))
    await expect(store.put('a', bytes('2'))).rejects.toThrow(/stood still for 60 s.*unknown/)
  })

  it('never takes a freed number for its own, with more generations than one directory read shows', async () => {
    const root = await newRoot()
    const store = createFileStore(root)
    let { etag } = await store.put('a', bytes('0'))
    for (let turn = 1; turn <= 600; turn++) etag = (await store.put('a', bytes(`${turn}`), { ifMatch: etag })).etag
    expect(text(await store.get('a'))).toBe('600')

    // A directory read that began before the last writes and ended after their forerunners were freed.
    let torn = true
    const tearing = {
      ...fs,
      readdir: (async (path: string, options: { withFileTypes: true }) => {
        const entries = await fs.readdir(path, options)
        if (!torn || entries.length < 500) return entries
        torn = false
        return entries.filter(({ name }) => Number(name) < 550)
      }) as typeof fs.readdir,
    }
    expect(text(await createFileStore(root, { fs: tearing }).get('a'))).toBe('600')
    expect(torn).toBe(false)
  }, 60_000)

  it('clears away what dead writers staged, and leaves the living alone', async () => {
    const root = await newRoot()
    const host = Buffer.from(hostname()).toString('hex').slice(0, 24)
    const staged = {
      dead: `${host}-999999999-aaaa`,
      living: `${host}-${process.pid}-bbbb`,
      elsewhere: 'f00d-999999999-cccc',
      elsewhereLongAgo: 'f00d-999999999-dddd',
    }
    for (const name of Object.values(staged)) {
      await mkdir(join(root, '#tmp', name, 'life'), { recursive: true })
      await writeFile(join(root, '#tmp', name, 'life', '1'), 'half')
    }
    const longAgo = new Date(Date.now() - 48 * 3600_000)
    await utimes(join(root, '#tmp', staged.elsewhereLongAgo), longAgo, longAgo)
    await createFileStore(root).put('a', bytes('x'))
    expect((await readdir(join(root, '#tmp'))).sort()).toEqual([staged.elsewhere, staged.living].sort())
  })

  it('hides foreign and internal files from listings', async () => {
    const root = await newRoot()
    const store = createFileStore(root)
    await store.put('models/a', bytes('x'))
    await writeFile(join(root, 'models', 'notes.txt'), 'not an object')
    await mkdir(join(root, '#tmp', 'left'), { recursive: true })
    expect((await store.list('')).objects.map(({ key }) => key)).toEqual(['models/a'])
    expect((await store.list('', { delimiter: '/' })).prefixes).toEqual(['models/'])
  })

  it('says so when content was taken away by a foreign hand', async () => {
    const root = await newRoot()
    const store = createFileStore(root)
    await store.put('a', bytes('x'))
    const [content] = (await tree(root)).filter((path) => /\/1$/.test(path))
    await rm(join(root, content ?? 'none'))
    await expect(store.get('a')).rejects.toThrow(/is damaged/)
  })

  it('says so when a file stands where its root should be', async () => {
    const root = join(await newRoot(), 'file')
    await writeFile(root, 'x')
    await expect(createFileStore(root).put('a', bytes('x'))).rejects.toThrow(StorageError)
    await expect(createFileStore(root).put('a', bytes('x'))).rejects.toThrow(
      /a file stands where a directory should be/,
    )
  })

  it('fails a conditional write before it copies the content', async () => {
    const store = createFileStore(await newRoot())
    await store.put('a', bytes('x'))
    let asked = false
    const source = async function* () {
      asked = true
      yield bytes('y')
    }
    await expect(store.putStream('a', source(), { ifAbsent: true })).rejects.toThrow(ConflictError)
    expect(asked).toBe(false)
  })
})
