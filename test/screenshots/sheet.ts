/** One picture of a page's three forms, light, dark and as on a phone, side by side and small enough to keep. */
import sharp from 'sharp'

export interface Forms {
  /** PNG. */
  readonly light: Uint8Array
  readonly dark: Uint8Array
  readonly phone: Uint8Array
}

const widths = { light: 600, dark: 600, phone: 250 } as const
/** What lies below is left out: long pages show how they begin. */
const tallest = 640
const gap = 20

const scaled = async (png: Uint8Array, width: number) => {
  const { data, info } = await sharp(png).resize({ width }).png().toBuffer({ resolveWithObject: true })
  return { data, width, height: info.height }
}

/** WebP. */
export const sheetOf = async (forms: Forms): Promise<Uint8Array> => {
  const parts = await Promise.all(
    (['light', 'dark', 'phone'] as const).map((form) => scaled(forms[form], widths[form])),
  )
  // As tall as the wide ones are; a phone's page is always longer.
  const height = Math.min(tallest, Math.max(...parts.slice(0, 2).map((part) => part.height)))
  let left = gap
  const placed = await Promise.all(
    parts.map(async (part) => {
      const place = { left, top: gap }
      left += part.width + gap
      const area = { left: 0, top: 0, width: part.width, height: Math.min(height, part.height) }
      return { ...place, input: await sharp(part.data).extract(area).png().toBuffer() }
    }),
  )
  return sharp({ create: { width: left, height: height + 2 * gap, channels: 3, background: '#8b95a3' } })
    .composite(placed)
    .webp({ quality: 78, effort: 6 })
    .toBuffer()
}
