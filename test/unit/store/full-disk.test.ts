/** A disk that fills up at any moment: the write fails with advice, keeps nothing, and the old content stands. */
import * as promises from 'node:fs/promises'
import { cp, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf, StorageError } from '@maas/core/errors'
import { createFileStore, type ObjectStore } from '@maas/core/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fullFs } from './faults.ts'

let base: string
let before: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'maas-full-'))
  before = join(base, 'before')
  await createFileStore(before).put('a/old', Buffer.from('old'))
})
afterAll(() => rm(base, { recursive: true, force: true }))

const files = async (root: string) =>
  (await readdir(root, { recursive: true })).filter((path) => /\/\d+$/.test(path)).sort()

const cases: readonly [string, (store: ObjectStore) => Promise<unknown>][] = [
  ['creating', (store) => store.put('a/new', Buffer.alloc(1000))],
  ['replacing', (store) => store.put('a/old', Buffer.alloc(1000))],
  ['streaming', (store) => store.putStream('b/new', streamOf(5))],
]

async function* streamOf(chunks: number): AsyncIterable<Uint8Array> {
  for (let chunk = 0; chunk < chunks; chunk++) yield Buffer.alloc(1000)
}

describe('a full disk', () => {
  it.each(cases)('spoils nothing at any moment of %s', async (_, write) => {
    let failures = 0
    for (let at = 1; ; at++) {
      const root = await mkdtemp(join(base, 'root-'))
      await cp(before, root, { recursive: true })
      const found = await files(root)
      const { fs, met } = fullFs(at)
      const outcome = await write(createFileStore(root, { fs })).then(
        () => 'written',
        (error) => error,
      )
      if (outcome !== 'written') {
        failures++
        expect(outcome).toBeInstanceOf(StorageError)
        expect(messageOf(outcome)).toMatch(/disk of .* is full; free some space/)
      }
      expect(await readdir(join(root, '#tmp'))).toEqual([])
      const store = createFileStore(root)
      const old = Buffer.from((await store.get('a/old')).body).toString()
      const { objects } = await store.list('')
      if (outcome !== 'written' && old === 'old' && objects.length === 1) expect(await files(root)).toEqual(found)
      expect([3, 1000]).toContain(old.length)
      await write(store)
      if (!met()) break
    }
    expect(failures).toBeGreaterThan(5)
  })

  it('does not keep anybody from deleting, which is what makes room', async () => {
    const root = await mkdtemp(join(base, 'root-'))
    await cp(before, root, { recursive: true })
    await mkdir(join(root, '#tmp'), { recursive: true })
    const { fs } = fullFs(1)
    // Making a directory that is there already, and syncing, need no room.
    const { mkdir: makeNone, open } = promises
    await createFileStore(root, { fs: Object.assign(Object.create(fs), { mkdir: makeNone, open }) }).delete('a/old')
    expect(await files(root)).toEqual([])
  })
})
