/** The graph that decodes a JPEG to the same pixels as Pillow: one operation between a fed text and a fetched tensor. */

/** A GraphDef: `pixels = DecodeJpeg(bytes)`, written message by message. */
export const jpegGraph = (channels: 1 | 3): Uint8Array =>
  Uint8Array.from([
    ...node('bytes', 'Placeholder', [], { dtype: [type, 7] }),
    ...node('pixels', 'DecodeJpeg', ['bytes'], {
      channels: [int, channels],
      ratio: [int, 1],
      fancy_upscaling: [bool, 1],
      try_recover_truncated: [bool, 0],
      acceptable_fraction: [float, 0, 0, 128, 63],
      dct_method: text(2, 'INTEGER_ACCURATE'),
    }),
  ])

/** Tags of AttrValue's fields. */
const [int, float, bool, type] = [0x18, 0x25, 0x28, 0x30]

/** Lengths from 128 on, up to 16,383, take two bytes. */
const part = (field: number, content: readonly number[]): number[] => {
  const { length } = content
  return [(field << 3) | 2, ...(length < 128 ? [length] : [(length & 127) | 128, length >> 7]), ...content]
}
const text = (field: number, value: string): number[] => part(field, [...Buffer.from(value)])

const node = (
  name: string,
  op: string,
  inputs: readonly string[],
  attrs: Readonly<Record<string, readonly number[]>>,
): number[] =>
  part(1, [
    ...text(1, name),
    ...text(2, op),
    ...inputs.flatMap((input) => text(3, input)),
    ...Object.entries(attrs).flatMap(([key, value]) => part(5, [...text(1, key), ...part(2, value)])),
  ])
