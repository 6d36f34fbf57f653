/** The native JPEG decoder inside the readers: Pillow's pixels, and the same as without native kernels. */
import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { imagePreprocessSchema } from '@maas/core/contract'
import { decodeImage, generateShapes, readDataSet, writeImageFolderZip } from '@maas/core/data'
import { InvalidInputError } from '@maas/core/errors'
import { describe, expect, it } from 'vitest'
import expected from '../../fixtures/data/expected.json' with { type: 'json' }
import { readFixture, temporaryFolder } from '../../unit/data/helpers.ts'
import { nativeKernels } from '../native.ts'

const specOf = (fields: Record<string, unknown>) =>
  imagePreprocessSchema.parse({ kind: 'image', height: 8, width: 8, channels: 3, ...fields })

describe('decodeImage on native kernels', () => {
  it('gives the pixels that Pillow gives', async (context) => {
    const kernels = await nativeKernels(context)
    for (const [file, cases] of Object.entries(expected)) {
      for (const { spec, sha256 } of cases) {
        const pixels = await decodeImage(await readFixture(file), specOf(spec), kernels)
        expect(createHash('sha256').update(pixels).digest('hex'), `${file} as ${JSON.stringify(spec)}`).toBe(sha256)
      }
    }
  })

  it('refuses what is damaged with the reason, and keeps no tensor', async (context) => {
    const kernels = await nativeKernels(context)
    const before = kernels.native.counters().tensors
    for (const file of ['truncated.jpg', 'no-header.jpg', 'cmyk.jpg']) {
      await expect(decodeImage(await readFixture(file), specOf({}), kernels)).rejects.toThrow(/damaged: .{10,}|CMYK/)
    }
    await expect(decodeImage(await readFixture('truncated.jpg'), specOf({}), kernels)).rejects.toBeInstanceOf(
      InvalidInputError,
    )
    expect(kernels.native.counters().tensors).toBe(before)
  })

  it('reads a data set to the same bytes with and without native kernels', async (context) => {
    const kernels = await nativeKernels(context)
    const train = join(await temporaryFolder(), 'shapes.zip')
    await writeImageFolderZip(train, await generateShapes({ seed: 3, train: 200, test: 50, size: 32 }))
    const options = { validationSplit: 0.1, testSplit: 0, seed: 1, maxBadFiles: 0 }
    const native = await readDataSet({ train }, options, { kernels })
    const other = await readDataSet({ train }, options, { kernels: {} })
    for (const part of ['train', 'validation', 'test'] as const) expect(native[part]).toEqual(other[part])
    expect({ ...native.report, seconds: 0 }).toEqual({ ...other.report, seconds: 0 })
  })
})
