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

/** WebP. */
export const sheetOf = async (forms: Forms): Promise<Uint8Array> => {
  const parts = await Promise.all(
    (['light', 'dark', 'phone'] as const).map(async (form) => {
      const scaled = sharp(await sharp(forms[form]).resize({ width: widths[form] }).png().toBuffer())
      const { width, height = 0 } = await scaled.metadata()
      const cropped = scaled.extract({ left: 0, top: 0, width, height: Math.min(height, tallest) })
      return { input: await cropped.png().toBuffer(), width, height: Math.min(height, tallest) }
    }),
  )
  let left = gap
  const placed = parts.map(({ input, width }) => {
    const part = { input, left, top: gap }
    left += width + gap
    return part
  })
  const height = Math.max(...parts.map((part) => part.height)) + 2 * gap
  return sharp({ create: { width: left, height, channels: 3, background: '#8b95a3' } })
    .composite(placed)
    .webp({ quality: 78, effort: 6 })
    .toBuffer()
}
