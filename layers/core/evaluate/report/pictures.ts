/** Small PNG pictures of examples, written into the report as data. */
import type { DataPart } from '../../data/types.ts'

/** Longest side of a picture in the report, pixels. */
const SIDE = 128

/** `data:` URIs by example index; none for rows that are no images. */
export const drawExamples = async (part: DataPart, indices: readonly number[]): Promise<Map<number, string>> => {
  const [height = 0, width = 0, channels = 0] = part.rowShape
  const { features } = part
  if (part.rowShape.length !== 3 || !(features instanceof Uint8Array) || (channels !== 1 && channels !== 3))
    return new Map()
  const { default: sharp } = await import('sharp')
  const size = height * width * channels
  const pictures = indices.map(async (index) => {
    const pixels = features.subarray(index * size, (index + 1) * size)
    const png = await sharp(pixels, { raw: { width, height, channels } })
      .resize(SIDE, SIDE, { fit: 'inside', withoutEnlargement: true })
      .png()
      .toBuffer()
    return [index, `data:image/png;base64,${png.toString('base64')}`] as const
  })
  return new Map(await Promise.all(pictures))
}
