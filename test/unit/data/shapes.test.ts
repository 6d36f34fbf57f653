import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { generateShapes, shapeNames, writeImageFolderZip } from '@maas/core/data'
import { StorageError } from '@maas/core/errors'
import { describe, expect, it } from 'vitest'
import { drawShape } from '../../../layers/core/data/shapes.ts'
import { asFile, read, temporaryFolder } from './helpers.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('generateShapes', () => {
  it('makes ten classes that go through the reader', async () => {
    const path = join(await temporaryFolder(), 'made/shapes.zip')
    await writeImageFolderZip(path, await generateShapes({ seed: 1, train: 40, test: 20, size: 32 }))
    const { labels, train, test, report } = await read(path)
    expect(labels).toEqual(shapeNames)
    expect([train.examples, test.examples, train.rowShape]).toEqual([40, 20, [32, 32, 3]])
    expect(report.balance).toMatchObject({ train: new Array(10).fill(4), test: new Array(10).fill(2) })
    expect(await readdir(dirname(path))).toEqual(['shapes.zip'])
  })

  it('makes the same zip from the same seed and another from another', async () => {
    const make = async (seed: number) => {
      const path = join(await temporaryFolder(), 'shapes.zip')
      await writeImageFolderZip(path, await generateShapes({ seed, train: 20, test: 10, size: 16 }))
      return sha256(await readFile(path))
    }
    const first = await make(1)
    expect([await make(1), await make(2)]).toEqual([first, expect.not.stringMatching(first)])
  })

  it('draws the same pixels on every machine and in every release', () => {
    const all = Buffer.concat(shapeNames.map((name, seed) => drawShape(name, 32, seed)))
    expect(sha256(all)).toMatchInlineSnapshot(`"d3e6c3069847026881639b9225ba52dcc0b09a24ccd4baf3f11ea72d29541d08"`)
  })

  it('never repeats an image', async () => {
    const files = await generateShapes({ seed: 5, train: 200, test: 100, size: 32 })
    expect(new Set(files.map((file) => sha256(file.bytes))).size).toBe(300)
  })

  it('refuses sizes that cannot be drawn', async () => {
    await expect(generateShapes({ seed: 1, train: 1, test: 1, size: 2 })).rejects.toThrow('from 8 to 1024')
  })
})

describe('writeImageFolderZip', () => {
  it('leaves nothing behind when it fails', async () => {
    const file = await asFile('in-the-way', '')
    await expect(writeImageFolderZip(join(file, 'x.zip'), [])).rejects.toBeInstanceOf(StorageError)
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'taken.zip'))
    await expect(writeImageFolderZip(join(folder, 'taken.zip'), [])).rejects.toBeInstanceOf(StorageError)
    expect(await readdir(folder)).toEqual(['taken.zip'])
  })
})
