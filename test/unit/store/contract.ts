/** What every object store must do; run over files, S3 and the stores of other tests. */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConflictError, InvalidInputError, NotFoundError } from '@maas/core/errors'
import { type ObjectStore, storedContent } from '@maas/core/store'
import { beforeEach, describe, expect, it } from 'vitest'

const bytes = (text: string): Uint8Array => Buffer.from(text)
const text = async (store: ObjectStore, key: string): Promise<string> =>
  Buffer.from((await store.get(key)).body).toString()
const keysOf = (page: { readonly objects: readonly { readonly key: string }[] }) => page.objects.map(({ key }) => key)

const readAll = async (chunks: AsyncIterable<Uint8Array>): Promise<Buffer> => {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

async function* inChunks(content: Uint8Array, size: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size)
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

/** `open` gives an empty store each time. */
export const describeObjectStore = (name: string, open: () => Promise<ObjectStore>): void => {
  describe(name, () => {
    let store: ObjectStore
    beforeEach(async () => {
      store = await open()
    })

    describe('reading and writing', () => {
      it.each([
        ['bytes of every value', Uint8Array.from(numbers(256))],
        ['nothing', new Uint8Array()],
        ['more than one buffer', new Uint8Array(300_000).map((_, index) => index % 251)],
      ])('gives back %s', async (_, content) => {
        const written = await store.put('a/b.bin', content)
        const { body, info } = await store.get('a/b.bin')
        expect(Buffer.from(body).equals(Buffer.from(content))).toBe(true)
        expect(info).toMatchObject({ key: 'a/b.bin', size: content.length, etag: written.etag })
        expect(await store.head('a/b.bin')).toMatchObject({ size: content.length, etag: written.etag })
        expect(Math.abs(info.modifiedAt.getTime() - Date.now())).toBeLessThan(60_000)
      })

      it('writes what is in a file, on the same conditions', async () => {
        const folder = await mkdtemp(join(tmpdir(), 'maas-put-file-'))
        try {
          const path = join(folder, 'file')
          await writeFile(path, 'one')
          expect(await store.putFile('a', path, { ifAbsent: true })).toMatchObject({ key: 'a', size: 3 })
          expect(await text(store, 'a')).toBe('one')
          await writeFile(path, 'two!')
          await expect(store.putFile('a', path, { ifAbsent: true })).rejects.toThrow(ConflictError)
          expect(await text(store, 'a')).toBe('one')
        } finally {
          await rm(folder, { recursive: true, force: true })
        }
      })

      it('writes what it gave under another key, as new, and each goes its own way', async () => {
        await store.put('a', bytes('one'))
        const given = await storedContent(store, 'a')
        expect(given).toMatchObject({ info: { size: 3 }, sha256: createHash('sha256').update('one').digest('hex') })
        const copy = await store.put('b', given, { ifAbsent: true })
        expect(copy).toMatchObject({ key: 'b', size: 3 })
        await store.put('a', bytes('two!'))
        await store.delete('a')
        expect(await text(store, 'b')).toBe('one')
        await expect(store.put('b', given, { ifAbsent: true })).rejects.toThrow(ConflictError)
      })

      it('does not take another content, or none, for what it gave', async () => {
        await store.put('a', bytes('one'))
        const given = await storedContent(store, 'a')
        await store.put('a', bytes('two!'))
        await expect(store.put('b', given)).rejects.toThrow(ConflictError)
        await store.delete('a')
        await expect(store.put('b', given)).rejects.toThrow(/"a"/)
        expect(await store.head('b')).toBeUndefined()
        await expect(storedContent(store, 'a')).rejects.toThrow(NotFoundError)
      })

      it('gives a file that stays what it was, and never writes over one', async () => {
        const folder = await mkdtemp(join(tmpdir(), 'maas-get-file-'))
        try {
          const content = Buffer.alloc(3 << 20, 7)
          await store.put('a', content)
          await store.getFile('a', join(folder, 'file'))
          await store.put('a', bytes('two!'))
          expect(content.equals(await readFile(join(folder, 'file')))).toBe(true)
          await expect(store.getFile('a', join(folder, 'file'))).rejects.toThrow()
          expect(content.equals(await readFile(join(folder, 'file')))).toBe(true)
          await expect(store.getFile('b', join(folder, 'other'))).rejects.toThrow(NotFoundError)
        } finally {
          await rm(folder, { recursive: true, force: true })
        }
      })

      it('says that an absent key is absent', async () => {
        await expect(store.get('no/such')).rejects.toThrow(NotFoundError)
        await expect(store.get('no/such')).rejects.toThrow('no/such')
        await expect(store.stream('no/such')).rejects.toThrow(NotFoundError)
        expect(await store.head('no/such')).toBeUndefined()
      })

      it('replaces content, with another etag', async () => {
        const first = await store.put('a', bytes('one'))
        const second = await store.put('a', bytes('two!'))
        expect(await text(store, 'a')).toBe('two!')
        expect(second.etag).not.toBe(first.etag)
        expect((await store.head('a'))?.size).toBe(4)
      })

      it('keeps an object and objects below its name apart', async () => {
        await store.put('a', bytes('object'))
        await store.put('a/b', bytes('below'))
        expect([await text(store, 'a'), await text(store, 'a/b')]).toEqual(['object', 'below'])
        await store.delete('a')
        expect(await text(store, 'a/b')).toBe('below')
      })

      it.each(['100%.txt', 'a#b', '#', 'a%23b', 'Ünïcødé/日本語 🎉', "it's (a) file!.g7", '...', 'c..d/.e'])(
        'takes the key %s',
        async (key) => {
          await store.put(key, bytes(key))
          expect(await text(store, key)).toBe(key)
          expect(keysOf(await store.list(''))).toEqual([key])
        },
      )

      it.each([
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../../etc/passwd',
        'a/./b',
        'a\0b',
        'a\nb',
        'half\ud800',
        'x'.repeat(201),
        'long/'.repeat(205),
      ])('refuses the key %j everywhere', async (key) => {
        await expect(async () => store.get(key)).rejects.toThrow(InvalidInputError)
        await expect(async () => store.head(key)).rejects.toThrow(InvalidInputError)
        await expect(async () => store.stream(key)).rejects.toThrow(InvalidInputError)
        await expect(async () => store.put(key, bytes('x'))).rejects.toThrow(InvalidInputError)
        await expect(async () => store.putStream(key, inChunks(bytes('x'), 1))).rejects.toThrow(InvalidInputError)
        await expect(async () => store.delete(key)).rejects.toThrow(InvalidInputError)
      })
    })

    describe('streams', () => {
      const content = Buffer.from(numbers(1000).join(' '))

      it.each([
        [{ start: 0 }, content],
        [{ start: 10, end: 20 }, content.subarray(10, 20)],
        [{ start: 3885 }, content.subarray(3885)],
        [{ start: 0, end: 999_999 }, content],
        [{ start: 999_999 }, Buffer.alloc(0)],
      ])('reads the range %j', async (range, expected) => {
        await store.put('numbers', content)
        expect((await readAll(await store.stream('numbers', range))).equals(expected)).toBe(true)
      })

      it.each([{ start: -1 }, { start: 5, end: 5 }, { start: 0.5 }, { start: Number.NaN }])(
        'refuses the range %j',
        async (range) => {
          await store.put('numbers', content)
          await expect(store.stream('numbers', range)).rejects.toThrow(InvalidInputError)
        },
      )

      it('writes content that comes in chunks, longer than one part of a multipart upload', async () => {
        const big = new Uint8Array(6_000_001).map((_, index) => (index * 7) % 253)
        const info = await store.putStream('big', inChunks(big, 77_777))
        expect(info.size).toBe(big.length)
        expect((await store.head('big'))?.etag).toBe(info.etag)
        expect((await readAll(await store.stream('big'))).equals(big)).toBe(true)
        await expect(store.putStream('big', inChunks(big, 777_777), { ifAbsent: true })).rejects.toThrow(ConflictError)
        const next = await store.putStream('big', inChunks(bytes('small'), 2), { ifMatch: info.etag })
        expect(await text(store, 'big')).toBe('small')
        expect((await store.head('big'))?.etag).toBe(next.etag)
      })

      it.each([3, 6_000_000])(
        'keeps nothing of a write whose source fails after %i bytes, and passes its error on',
        async (size) => {
          const failing = async function* () {
            yield new Uint8Array(size)
            throw new RangeError('the source broke')
          }
          await expect(store.putStream('a/b', failing())).rejects.toThrow(new RangeError('the source broke'))
          expect(await store.head('a/b')).toBeUndefined()
          expect(await store.list('')).toMatchObject({ objects: [], prefixes: [] })
        },
      )
    })

    describe('conditions', () => {
      it('creates only what is absent', async () => {
        await store.put('a', bytes('first'), { ifAbsent: true })
        await expect(store.put('a', bytes('second'), { ifAbsent: true })).rejects.toThrow(ConflictError)
        expect(await text(store, 'a')).toBe('first')
        await store.delete('a')
        await store.put('a', bytes('third'), { ifAbsent: true })
        expect(await text(store, 'a')).toBe('third')
      })

      it('replaces only what it was shown', async () => {
        const first = await store.put('a', bytes('1'))
        const second = await store.put('a', bytes('2'), { ifMatch: first.etag })
        await expect(store.put('a', bytes('3'), { ifMatch: first.etag })).rejects.toThrow(ConflictError)
        await store.put('a', bytes('4'), { ifMatch: second.etag })
        expect(await text(store, 'a')).toBe('4')
      })

      it('replaces nothing that is gone', async () => {
        const { etag } = await store.put('a', bytes('1'))
        await expect(store.put('never', bytes('2'), { ifMatch: etag })).rejects.toThrow(ConflictError)
        await store.delete('a')
        await expect(store.put('a', bytes('2'), { ifMatch: etag })).rejects.toThrow(ConflictError)
        expect(await store.head('a')).toBeUndefined()
      })

      it('deletes only what it was shown', async () => {
        const first = await store.put('a', bytes('1'))
        const second = await store.put('a', bytes('2'))
        await expect(store.delete('a', { ifMatch: first.etag })).rejects.toThrow(ConflictError)
        await store.delete('a', { ifMatch: second.etag })
        expect(await store.head('a')).toBeUndefined()
        await expect(store.delete('a', { ifMatch: second.etag })).rejects.toThrow(ConflictError)
        await store.delete('a')
        await store.delete('never/was')
      })
    })

    describe('races', () => {
      it('lets one of 16 creators win, and keeps what that one wrote', async () => {
        const results = await Promise.allSettled(
          numbers(16).map((writer) => store.put('a/b', bytes(`writer ${writer}`), { ifAbsent: true })),
        )
        const winners = results.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []))
        expect(winners).toHaveLength(1)
        expect(await text(store, 'a/b')).toBe(`writer ${winners[0]}`)
        for (const result of results) {
          if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(ConflictError)
        }
      })

      it('lets one of 16 compare-and-swap writers win', async () => {
        const { etag } = await store.put('a', bytes('start'))
        const results = await Promise.allSettled(
          numbers(16).map((writer) => store.put('a', bytes(`writer ${writer}`), { ifMatch: etag })),
        )
        const winners = results.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []))
        expect(winners).toHaveLength(1)
        expect(await text(store, 'a')).toBe(`writer ${winners[0]}`)
      })

      it('loses no update of 8 writers that each add 3', async () => {
        await store.put('count', bytes('0'))
        const add = async (): Promise<void> => {
          for (;;) {
            const { body, info } = await store.get('count')
            try {
              await store.put('count', bytes(String(Number(Buffer.from(body)) + 1)), { ifMatch: info.etag })
              return
            } catch (error) {
              if (!(error instanceof ConflictError)) throw error
            }
          }
        }
        await Promise.all(numbers(8).map(async () => [await add(), await add(), await add()]))
        expect(await text(store, 'count')).toBe('24')
      })

      it('survives creating and deleting the same key at once', async () => {
        const churn = async (writer: number): Promise<number> => {
          let created = 0
          for (const turn of numbers(5)) {
            try {
              const { etag } = await store.put('a/b/c', bytes(`${writer}.${turn}`), { ifAbsent: true })
              created++
              expect(await text(store, 'a/b/c')).toBe(`${writer}.${turn}`)
              await store.delete('a/b/c', { ifMatch: etag })
            } catch (error) {
              if (!(error instanceof ConflictError)) throw error
            }
          }
          return created
        }
        const created = await Promise.all(numbers(8).map(churn))
        expect(created.reduce((a, b) => a + b)).toBeGreaterThan(0)
        expect(await store.head('a/b/c')).toBeUndefined()
        expect(await store.list('')).toMatchObject({ objects: [], prefixes: [] })
      })
    })

    describe('listing', () => {
      const keys = ['a', 'a-b', 'a.b', 'a/1', 'a/10', 'a/2/x', 'a/2/y', 'a0', 'b/c/d', 'é', '\u{FF5E}', '\u{1F389}']
      beforeEach(async () => {
        for (const key of keys.toReversed()) await store.put(key, bytes(key))
        await store.put('gone/deep/down', bytes('x'))
        await store.delete('gone/deep/down')
      })

      it('lists all keys in the order of their bytes, with size and etag', async () => {
        const page = await store.list('')
        expect(keysOf(page)).toEqual(keys)
        expect(page.prefixes).toEqual([])
        expect(page.next).toBeUndefined()
        for (const object of page.objects)
          expect(object).toMatchObject(await store.head(object.key).then((i) => ({ size: i?.size, etag: i?.etag })))
      })

      it.each([
        ['a/', ['a/1', 'a/10', 'a/2/x', 'a/2/y']],
        ['a/1', ['a/1', 'a/10']],
        ['a', keys.slice(0, 8)],
        ['a/2/', ['a/2/x', 'a/2/y']],
        ['b/c/d', ['b/c/d']],
        ['b/c/d/', []],
        ['none/', []],
        ['..', []],
      ])('lists below the prefix %s', async (prefix, expected) => {
        expect(keysOf(await store.list(prefix))).toEqual(expected)
      })

      it('groups by folder when asked', async () => {
        const page = await store.list('', { delimiter: '/' })
        expect(keysOf(page)).toEqual(keys.filter((key) => !key.includes('/')))
        expect(page.prefixes).toEqual(['a/', 'b/'])
        const inner = await store.list('a/', { delimiter: '/' })
        expect([keysOf(inner), inner.prefixes]).toEqual([['a/1', 'a/10'], ['a/2/']])
      })

      it.each([1, 2, 3, 5, 12])('gives every key once in pages of %i', async (limit) => {
        const seen: string[] = []
        let after: string | undefined
        do {
          const page = await store.list('', { limit, ...(after !== undefined && { after }) })
          expect(page.objects.length).toBeLessThanOrEqual(limit)
          seen.push(...keysOf(page))
          after = page.next
        } while (after !== undefined)
        expect(seen).toEqual(keys)
      })

      it.each([1, 2, 3])('gives every folder once in pages of %i', async (limit) => {
        const seen: string[] = []
        let after: string | undefined
        do {
          const page = await store.list('', { limit, delimiter: '/', ...(after !== undefined && { after }) })
          expect(page.objects.length + page.prefixes.length).toBeLessThanOrEqual(limit)
          seen.push(...keysOf(page), ...page.prefixes)
          after = page.next
        } while (after !== undefined)
        expect(seen.toSorted()).toEqual([...keys.filter((key) => !key.includes('/')), 'a/', 'b/'].toSorted())
      })

      it('starts after any key', async () => {
        expect(keysOf(await store.list('', { after: 'a/10' }))).toEqual(keys.slice(5))
        expect(keysOf(await store.list('a/', { after: 'a/2/w' }))).toEqual(['a/2/x', 'a/2/y'])
      })

      it.each(['../', 'a/../', '/', 'a//', 'x\0'])('refuses the prefix %j', async (prefix) => {
        await expect(store.list(prefix)).rejects.toThrow(InvalidInputError)
      })

      it.each([0, 1001, 1.5])('refuses the limit %d', async (limit) => {
        await expect(store.list('', { limit })).rejects.toThrow(InvalidInputError)
      })
    })
  })
}
