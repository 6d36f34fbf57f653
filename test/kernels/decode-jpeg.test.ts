/** DecodeJpeg gives Pillow's pixels bit for bit; decode-jpeg/make.py made the pictures and Pillow's hashes. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import samples from './decode-jpeg/jpegs.json' with { type: 'json' }
import { nativeKernels } from './native.ts'

const hash = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

describe('decodeJpeg', () => {
  it.for(samples)('equals Pillow: $name', async ({ jpeg, channels, height, width, pixels }, context) => {
    const { native } = await nativeKernels(context)
    const decoded = native.decodeJpeg(Buffer.from(jpeg, 'base64'), { channels: channels as 1 | 3 })
    expect(decoded).toMatchObject({ height, width, channels })
    expect(decoded.data).toHaveLength(height * width * channels)
    expect(hash(decoded.data)).toBe(pixels)
  })

  it('differs from Pillow with one bit changed, so the comparison can fail', async (context) => {
    const { native } = await nativeKernels(context)
    const [sample] = samples
    const { data } = native.decodeJpeg(Buffer.from(sample?.jpeg ?? '', 'base64'), { channels: 3 })
    data[0] = (data[0] ?? 0) ^ 1
    expect(hash(data)).not.toBe(sample?.pixels)
  })

  it.for([
    ['no JPEG', Buffer.from('GIF89a, not a JPEG at all')],
    ['nothing', Buffer.alloc(0)],
    ['cut short', Buffer.from(samples[0]?.jpeg ?? '', 'base64').subarray(0, 500)],
  ] as const)('refuses %s and leaks nothing', async ([, bytes], context) => {
    const { native } = await nativeKernels(context)
    const before = native.counters().tensors
    expect(() => native.decodeJpeg(bytes, { channels: 3 })).toThrow(/^This is not a JPEG that can be decoded: .+\.$/)
    expect(native.counters().tensors).toBe(before)
  })

  it('leaves no tensors behind over many pictures', async (context) => {
    const { native } = await nativeKernels(context)
    const bytes = Buffer.from(samples[0]?.jpeg ?? '', 'base64')
    const before = native.counters().tensors
    for (let round = 0; round < 500; round++) native.decodeJpeg(bytes, { channels: 3 })
    expect(native.counters().tensors).toBe(before)
  })
})
