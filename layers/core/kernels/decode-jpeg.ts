/** Decodes JPEG with TensorFlow's own operation, set so that every pixel equals Pillow's. */
import { InvalidInputError, messageOf } from '../errors.ts'
import type { DecodedImage, NativeBinding, OpAttr } from './surface.ts'

export function decodeJpeg(binding: NativeBinding, bytes: Uint8Array, channels: 1 | 3): DecodedImage {
  const attrs: OpAttr[] = [
    { name: 'channels', type: binding.TF_ATTR_INT, value: channels },
    { name: 'ratio', type: binding.TF_ATTR_INT, value: 1 },
    { name: 'fancy_upscaling', type: binding.TF_ATTR_BOOL, value: true },
    { name: 'try_recover_truncated', type: binding.TF_ATTR_BOOL, value: false },
    { name: 'acceptable_fraction', type: binding.TF_ATTR_FLOAT, value: 1 },
    { name: 'dct_method', type: binding.TF_ATTR_STRING, value: 'INTEGER_ACCURATE' },
  ]
  const input = binding.createTensor([], binding.TF_STRING, [bytes])
  try {
    const [output] = binding.executeOp('DecodeJpeg', attrs, [input], 1)
    if (output === undefined) throw new Error('the operation returned nothing')
    try {
      const [height = 0, width = 0] = output.shape
      return { data: binding.tensorDataSync(output.id) as Uint8Array, height, width, channels }
    } finally {
      binding.deleteTensor(output.id)
    }
  } catch (cause) {
    throw new InvalidInputError(`This is not a JPEG that can be decoded: ${sentenceAbout(messageOf(cause))}`, { cause })
  } finally {
    binding.deleteTensor(input)
  }
}

/** The part of TensorFlow's message that is about the picture. */
export function sentenceAbout(message: string): string {
  const said = /Message: ([^\n[]*)/.exec(message)?.[1] ?? message.split('\n')[0] ?? ''
  return said.trim().replace(/\.?$/, '.')
}
