/** Which store a URI opens. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { InvalidInputError } from '@maas/core/errors'
import { createFileStore, openStore } from '@maas/core/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'maas-open-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

describe('openStore', () => {
  it('takes a path and a file URI for the same directory', async () => {
    const directory = join(root, 'with space')
    await (await openStore(directory)).put('a', Buffer.from('x'))
    await (await openStore(pathToFileURL(directory).href)).put('b', Buffer.from('y'))
    const { objects } = await createFileStore(directory).list('')
    expect(objects.map(({ key }) => key)).toEqual(['a', 'b'])
  })

  it.each([
    '',
    ' ',
    'a\0b',
    'gs://bucket',
    'https://host/x',
    'file://host/x',
    's3://',
    's3://UPPER_case',
    's3:///key',
    's3://a',
  ])('refuses %j and names what is allowed', async (uri) => {
    await expect(openStore(uri)).rejects.toThrow(InvalidInputError)
    await expect(openStore(uri)).rejects.toThrow('allowed are a directory, file:///directory and s3://bucket/prefix')
  })
})
