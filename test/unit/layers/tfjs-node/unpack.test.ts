/** A layer's bundle comes out as it went in, once, and damage or a full disk is said plainly. */
import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { packTree } from '../../../../layers/tfjs-node/build/pack.mjs'
import { UnpackError, unpack } from '../../../../layers/tfjs-node/unpack.cjs'
import { temporaryFolder, writeTree } from './support.ts'

const content = { 'native.cjs': Buffer.from('module.exports = 1'), 'library.so': randomBytes(300_000) }
let packed: string
let into: string

beforeEach(async () => {
  const root = temporaryFolder()
  packed = join(root, 'packed')
  into = join(root, 'tmp')
  mkdirSync(packed)
  mkdirSync(into)
  const manifest = writeTree(join(root, 'tree'), content)
  await packTree({ tree: join(root, 'tree'), manifest, directory: packed, onFraction: () => undefined })
})

describe('unpack', () => {
  it('gives back every file, and is quick the second time', async () => {
    const directory = await unpack({ packed, into })
    for (const [name, bytes] of Object.entries(content)) expect(readFileSync(join(directory, name))).toEqual(bytes)
    const { ino } = statSync(directory)
    expect(statSync(await unpack({ packed, into })).ino).toBe(ino)
    expect(readdirSync(into)).toHaveLength(1)
  })

  it('gives one folder to callers that come at once', async () => {
    const directories = await Promise.all([1, 2, 3].map(() => unpack({ packed, into })))
    expect(new Set(directories).size).toBe(1)
    expect(readdirSync(into)).toHaveLength(1)
  })

  it('refuses a damaged part and leaves nothing', async () => {
    const part = join(packed, 'library.so.0.br')
    const bytes = readFileSync(part)
    bytes.writeUInt8(bytes.readUInt8(bytes.length - 10) ^ 1, bytes.length - 10)
    writeFileSync(part, bytes)
    await expect(unpack({ packed, into })).rejects.toThrow(/damaged|Decompression/)
    expect(readdirSync(into)).toEqual([])
  })

  it('does not trust a folder that others can write', async () => {
    const directory = await unpack({ packed, into })
    chmodSync(directory, 0o777)
    await expect(unpack({ packed, into })).rejects.toThrow(UnpackError)
  })

  it('removes what a killed start left behind', async () => {
    const { key } = JSON.parse(readFileSync(join(packed, 'packed.json'), 'utf8'))
    mkdirSync(join(into, `maas-kernels-${key}~${2 ** 22 + 1}~abcdef`))
    await unpack({ packed, into })
    expect(readdirSync(into)).toEqual([`maas-kernels-${key}`])
  })
})
