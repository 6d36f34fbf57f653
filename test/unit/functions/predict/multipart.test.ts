import { describe, expect, it } from 'vitest'
import { imageParts } from '../../../../functions/predict/multipart.ts'

const formOf = async (...values: (string | Uint8Array<ArrayBuffer>)[]) => {
  const form = new FormData()
  for (const value of values) {
    if (typeof value === 'string') form.append('image', value)
    else form.append('image', new Blob([value], { type: 'image/jpeg' }), 'photo.jpg')
  }
  const response = new Response(form)
  return [new Uint8Array(await response.arrayBuffer()), response.headers.get('content-type') ?? ''] as const
}

const none = () => Promise.reject(new Error('nothing was named'))

describe('a form', () => {
  it('gives its files in order, byte for byte', async () => {
    const files = [Uint8Array.of(0xff, 0xd8, 13, 10, 0), Uint8Array.of(1, 2)]
    expect(await imageParts(...(await formOf(...files)), 2, none)).toEqual(files)
  })

  it('may name what was sent before, by fields that are called so', async () => {
    const form = new FormData()
    form.append('image', new Blob([Uint8Array.of(1)]), 'a.jpg')
    form.append('upload', 'an-id')
    const response = new Response(form)
    const body = new Uint8Array(await response.arrayBuffer())
    const asked: unknown[] = []
    const read = async (...args: unknown[]) => {
      asked.push(args)
      return Uint8Array.of(7)
    }
    const type = response.headers.get('content-type') ?? ''
    expect(await imageParts(body, type, 2, read)).toEqual([Uint8Array.of(1), Uint8Array.of(7)])
    expect(asked).toEqual([['an-id', 'part 1']])
  })

  it('is refused with too many files, with none, with text, and when it is none', async () => {
    const file = Uint8Array.of(1)
    await expect(imageParts(...(await formOf(file, file)), 1, none)).rejects.toThrow('has 2 parts; at most 1 images')
    await expect(imageParts(...(await formOf('http://169.254.169.254/')), 1, none)).rejects.toThrow(
      'Part 0 of the form is text',
    )
    await expect(imageParts(Uint8Array.of(1), 'multipart/form-data; boundary=x', 1, none)).rejects.toThrow(
      'is not a form',
    )
    await expect(imageParts(...(await formOf()), 1, none)).rejects.toThrow(/is empty|is not a form/)
  })
})
