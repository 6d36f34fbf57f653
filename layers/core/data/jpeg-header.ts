/** Reads what a JPEG says of itself before any pixel is decoded: size, components, and whether it carries EXIF data. */

export interface JpegHeader {
  readonly height: number
  readonly width: number
  /** 1 grey, 3 colour, 4 CMYK. */
  readonly components: number
  readonly exif: boolean
}

export const isJpeg = (bytes: Uint8Array): boolean => bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff

/** Undefined when no frame header (SOF) is found before the data begins. Source: ITU-T T.81, annex B. */
export function jpegHeader(bytes: Uint8Array): JpegHeader | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let exif = false
  let at = 2
  while (at + 4 <= bytes.length) {
    if (bytes[at] !== 0xff) return undefined
    const marker = bytes[at + 1] as number
    if (marker === 0xff) {
      at += 1
      continue
    }
    if (isFrame(marker)) {
      if (at + 10 > bytes.length) return undefined
      return {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: bytes[at + 9] as number,
        exif,
      }
    }
    if (marker === 0xd9 || marker === 0xda) return undefined
    if (marker === 0xe1 && at + 8 <= bytes.length && view.getUint32(at + 4) === 0x45786966) exif = true
    at += 2 + view.getUint16(at + 2)
  }
  return undefined
}

/** C0..CF but DHT (C4), JPG (C8) and DAC (CC). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc
