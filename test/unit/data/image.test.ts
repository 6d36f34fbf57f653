import { createHash } from 'node:crypto'
import { type ImagePreprocess, imagePreprocessSchema } from '@maas/core/contract'
import { decodeImage, type ImageKernels, pixelsToFloat, probeImage } from '@maas/core/data'
import { InvalidInputError, TooLargeError, UnsupportedError } from '@maas/core/errors'
import sharp from 'sharp'
import { describe, expect, it, vi } from 'vitest'
import expected from '../../fixtures/data/expected.json' with { type: 'json' }
import { blackPng, readFixture } from './helpers.ts'

const specOf = (fields: Record<string, unknown>): ImagePreprocess =>
  imagePreprocessSchema.parse({ kind: 'image', height: 8, width: 8, channels: 3, ...fields })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const withoutNative: ImageKernels = {}

describe('decodeImage', () => {
  const cases = Object.entries(expected).flatMap(([file, list]) => list.map((one) => ({ file, ...one })))

  it.each(cases)('gives the pixels that Pillow gives for $file as $spec', async ({ file, spec, sha256: pillow }) => {
    const pixels = await decodeImage(await readFixture(file), specOf(spec), withoutNative)
    expect(sha256(pixels)).toBe(pillow)
  })

  it('differs from Pillow when one field of the spec differs, so that the comparison above can fail', async () => {
    const [first] = expected['rgb.jpg']
    const pixels = await decodeImage(
      await readFixture('rgb.jpg'),
      specOf({ ...first?.spec, interpolation: 'nearest', width: 36 }),
      {},
    )
    expect(sha256(pixels)).not.toBe(first?.sha256)
  })

  it('asks the native decoder for plain JPEG, and sharp for what must be turned', async () => {
    const decodeJpeg = vi.fn(() => ({
      data: new Uint8Array(8 * 8 * 3).fill(7),
      height: 8,
      width: 8,
      channels: 3 as const,
    }))
    const native: ImageKernels = { native: { decodeJpeg } }
    expect(await decodeImage(await readFixture('rgb.jpg'), specOf({}), native)).toEqual(new Uint8Array(192).fill(7))
    await decodeImage(await readFixture('turned.jpg'), specOf({}), native)
    await decodeImage(await readFixture('rgb.png'), specOf({}), native)
    expect(decodeJpeg).toHaveBeenCalledTimes(1)
  })

  it('resizes without antialiasing as tf.image.resize does', async () => {
    // 8 pixels to 3: TensorFlow samples at 0.833, 3.5 and 6.167 and blends the two neighbours.
    const row = Buffer.from([0, 10, 40, 90, 160, 250, 30, 60])
    const image = await sharp(row, { raw: { width: 8, height: 1, channels: 1 } })
      .png()
      .toBuffer()
    const pixels = await decodeImage(image, specOf({ height: 1, width: 3, channels: 1, antialias: false }), {})
    expect([...pixels]).toEqual([8, 125, 35])
  })

  it.each([
    ['black', [0, 0, 0]],
    ['white', [255, 255, 255]],
    ['drop', [200, 100, 50]],
  ] as const)('lays transparent pixels on %s', async (alpha, colour) => {
    const image = await sharp({
      create: { width: 8, height: 8, channels: 4, background: { r: 200, g: 100, b: 50, alpha: 0 } },
    })
      .png()
      .toBuffer()
    expect([...(await decodeImage(image, specOf({ alpha }), {})).subarray(0, 3)]).toEqual(colour)
  })

  it('refuses a 20,000 x 20,000 PNG from its header, without decoding it', async () => {
    const bomb = blackPng(20_000, 20_000)
    const started = performance.now()
    const refusal = await decodeImage(bomb, specOf({}), {}).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(TooLargeError)
    expect(String(refusal)).toContain('20000 x 20000 = 400000000 pixels; 64000000 are allowed')
    expect(performance.now() - started).toBeLessThan(1000)
  })

  it('refuses a JPEG that claims too many pixels before any decoder sees it', async () => {
    const bytes = Buffer.from(await readFixture('rgb.jpg'))
    const frame = bytes.indexOf(Buffer.from([0xff, 0xc0]))
    bytes.writeUInt16BE(30_000, frame + 5)
    bytes.writeUInt16BE(30_000, frame + 7)
    const decodeJpeg = vi.fn()
    await expect(decodeImage(bytes, specOf({}), { native: { decodeJpeg } })).rejects.toBeInstanceOf(TooLargeError)
    expect(decodeJpeg).not.toHaveBeenCalled()
  })

  it.each(['truncated.jpg', 'no-header.jpg', 'truncated.png'])('says that %s is damaged, and how', async (file) => {
    const refusal = await decodeImage(await readFixture(file), specOf({}), {}).catch((error: unknown) => error)
    expect(refusal).toBeInstanceOf(InvalidInputError)
    expect(String(refusal)).toMatch(/The (JPEG|PNG) is damaged: .{10,}/)
  })

  it("gives libvips's reason when the native decoder only says that a JPEG is invalid", async () => {
    const decodeJpeg = () => {
      throw new Error('Invalid JPEG data or crop window')
    }
    const refusal = decodeImage(await readFixture('truncated.jpg'), specOf({}), { native: { decodeJpeg } })
    await expect(refusal).rejects.toThrow(/premature end/i)
  })

  it('names the formats it knows when it gets another one', async () => {
    for (const bytes of [Buffer.from('GIF89a'), Buffer.from('hello, this is text'), Buffer.alloc(0)]) {
      const refusal = await decodeImage(bytes, specOf({}), {}).catch((error: unknown) => error)
      expect(refusal).toBeInstanceOf(UnsupportedError)
      expect(String(refusal)).toContain('JPEG, PNG and WebP')
    }
  })

  it('refuses CMYK and animations in words', async () => {
    await expect(decodeImage(await readFixture('cmyk.jpg'), specOf({}), {})).rejects.toThrow(/CMYK.*RGB/)
    await expect(decodeImage(await readFixture('animated.webp'), specOf({}), {})).rejects.toThrow(
      /animation of 2 pictures/,
    )
  })

  it('never hangs or throws anything but its own errors on damaged bytes', async () => {
    for (const file of ['rgb.jpg', 'progressive.jpg', 'rgb.png', 'lossy.webp']) {
      const whole = await readFixture(file)
      for (let round = 0; round < 40; round++) {
        const bytes = Buffer.from(whole)
        for (let hit = 0; hit < 4; hit++)
          bytes[(round * 131 + hit * 977) % bytes.length] = (round * 29 + hit * 71) % 256
        const result = await decodeImage(bytes, specOf({}), {}).catch((error: unknown) => error)
        const known = [InvalidInputError, TooLargeError, UnsupportedError]
        expect(result instanceof Uint8Array || known.some((Known) => result instanceof Known)).toBe(true)
      }
    }
  })
})

describe('probeImage', () => {
  it('tells size and colour, turned as the photo says', async () => {
    expect(await probeImage(await readFixture('turned.jpg'), { exif: 'apply' })).toEqual({
      height: 37,
      width: 29,
      channels: 3,
    })
    expect(await probeImage(await readFixture('turned.jpg'), { exif: 'ignore' })).toEqual({
      height: 29,
      width: 37,
      channels: 3,
    })
    expect(await probeImage(await readFixture('grey.jpg'), { exif: 'apply' })).toEqual({
      height: 17,
      width: 21,
      channels: 1,
    })
    expect(await probeImage(await readFixture('grey.png'), { exif: 'apply' })).toEqual({
      height: 23,
      width: 19,
      channels: 1,
    })
  })
})

describe('pixelsToFloat', () => {
  it('computes (pixel * scale - mean) / std for each channel', () => {
    const spec = specOf({ scale: 1 / 255, mean: [0.5, 0.4, 0.3], std: [0.2, 0.25, 0.5] })
    const floats = pixelsToFloat(Uint8Array.from([0, 128, 255, 255, 0, 51]), spec)
    const wanted = [-2.5, (128 / 255 - 0.4) / 0.25, 1.4, 2.5, -1.6, -0.2]
    for (const [index, value] of wanted.entries()) expect(floats[index]).toBeCloseTo(value, 6)
  })

  it('takes one mean and deviation for all channels', () => {
    expect([...pixelsToFloat(Uint8Array.from([0, 128, 255]), specOf({ scale: 1, mean: [128], std: [128] }))]).toEqual(
      [-1, 0, 127 / 128].map(Math.fround),
    )
  })
})
