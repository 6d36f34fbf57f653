/** From an encoded image to the pixels a model sees: the one function that training and serving share. */
import sharp, { type Metadata } from 'sharp'
import { type ImagePreprocess, limits } from '../contract/index.ts'
import { InvalidInputError, MaasError, messageOf, TooLargeError, UnsupportedError } from '../errors.ts'
import type { Kernels } from '../kernels/index.ts'
import { isJpeg, type JpegHeader, jpegHeader } from './jpeg-header.ts'
import { type Pixels, resize } from './resize.ts'

/** Only the JPEG decoder is used; without it (WASM) sharp decodes to the same pixels. */
export type ImageKernels = { readonly native?: Pick<NonNullable<Kernels['native']>, 'decodeJpeg'> }

// Every image is seen once; a cache of decoded ones would only hold memory.
sharp.cache(false)

const allowed = 'Allowed: JPEG, PNG and WebP.'

/**
 * Decodes, turns, flattens, crops and resizes as the spec says.
 *
 * @returns pixels 0..255 as `[height, width, channels]`, row-major
 * @throws InvalidInputError with the reason for damaged images; TooLargeError above `limits.imagePixels`, before anything
 * of that size is allocated; UnsupportedError for other formats, CMYK and animations
 */
export async function decodeImage(
  bytes: Uint8Array,
  spec: ImagePreprocess,
  kernels: ImageKernels,
): Promise<Uint8Array> {
  return (await decodeSized(bytes, spec, kernels)).pixels
}

/** Like `decodeImage`, with the size that the image had before it was cropped and resized. */
export async function decodeSized(
  bytes: Uint8Array,
  spec: ImagePreprocess,
  kernels: ImageKernels,
): Promise<{ readonly pixels: Uint8Array; readonly height: number; readonly width: number }> {
  const colour = isJpeg(bytes) ? await decodeJpeg(bytes, spec, kernels) : await decodeOther(bytes, spec)
  const { height, width } = colour
  const image = spec.channels === 1 ? toGrey(colour) : colour
  const cropped = spec.crop === 'center' ? cropCenter(image, spec) : image
  const fits = cropped.height === spec.height && cropped.width === spec.width
  return { pixels: fits ? cropped.data : resize(cropped, spec).data, height, width }
}

/** Height, width and colour of an encoded image, from its header alone. Throws like `decodeImage`. */
export async function probeImage(
  bytes: Uint8Array,
  spec: Pick<ImagePreprocess, 'exif'>,
): Promise<{ height: number; width: number; channels: 1 | 3 }> {
  const header = isJpeg(bytes) ? readJpegHeader(bytes) : undefined
  if (header !== undefined && !(header.exif && spec.exif === 'apply')) {
    return { height: header.height, width: header.width, channels: header.components === 1 ? 1 : 3 }
  }
  const metadata = await readMetadata(bytes)
  const { height, width } = spec.exif === 'apply' ? metadata.autoOrient : metadata
  return { height, width, channels: metadata.space === 'b-w' || metadata.space === 'grey16' ? 1 : 3 }
}

/**
 * Pixels to what the model computes with: `(pixel * scale - mean[c]) / std[c]`.
 *
 * @param pixels `[rows, height, width, channels]`
 */
export function pixelsToFloat(
  pixels: Uint8Array,
  spec: Scaling,
  out: Float32Array = new Float32Array(pixels.length),
): Float32Array {
  const { channels } = spec
  const tables = tablesOf(spec)
  for (let channel = 0; channel < channels; channel++) {
    const table = tables[channel] as Float32Array
    for (let at = channel; at < pixels.length; at += channels) out[at] = table[pixels[at] as number] as number
  }
  return out
}

type Scaling = Pick<ImagePreprocess, 'channels' | 'scale' | 'mean' | 'std'>

const tablesBySpec = new WeakMap<Scaling, readonly Float32Array[]>()

/** 256 possible values per channel: computed once per spec in double precision, looked up ever after. */
function tablesOf(spec: Scaling): readonly Float32Array[] {
  const known = tablesBySpec.get(spec)
  if (known !== undefined) return known
  const { channels, scale, mean, std } = spec
  const tables = Array.from({ length: channels }, (_, channel) =>
    Float32Array.from({ length: 256 }, (_, pixel) => {
      return (pixel * scale - (mean[channel] ?? (mean[0] as number))) / (std[channel] ?? (std[0] as number))
    }),
  )
  tablesBySpec.set(spec, tables)
  return tables
}

async function decodeJpeg(bytes: Uint8Array, spec: ImagePreprocess, { native }: ImageKernels): Promise<Pixels> {
  const header = readJpegHeader(bytes)
  // TensorFlow's decoder knows nothing of EXIF; sharp gives the same pixels and turns them.
  if (native === undefined || (header.exif && spec.exif === 'apply')) return decodeBySharp(bytes, spec)
  try {
    return native.decodeJpeg(bytes, { channels: 3 })
  } catch (cause) {
    throw new InvalidInputError(`The JPEG is damaged: ${await reasonFor(bytes, spec, cause)}`, { cause })
  }
}

/** TensorFlow only says that a JPEG is invalid; libvips says why. */
async function reasonFor(bytes: Uint8Array, spec: ImagePreprocess, cause: unknown): Promise<string> {
  return decodeBySharp(bytes, spec).then(
    () => messageOf(cause),
    (error: unknown) => messageOf(error instanceof MaasError ? error.cause : error).split('\n')[0] ?? '',
  )
}

function readJpegHeader(bytes: Uint8Array): JpegHeader {
  const header = jpegHeader(bytes)
  if (header === undefined || header.width === 0 || header.height === 0) {
    throw new InvalidInputError('The JPEG is damaged: it ends or breaks off before its header says how large it is.')
  }
  checkPixels(header)
  if (header.components === 4) throw new UnsupportedError('This JPEG is in CMYK colours. Convert it to RGB.')
  return header
}

async function decodeOther(bytes: Uint8Array, spec: ImagePreprocess): Promise<Pixels> {
  const { pages = 1 } = await readMetadata(bytes)
  if (pages > 1) throw new UnsupportedError(`This is an animation of ${pages} pictures. Send one picture.`)
  return decodeBySharp(bytes, spec)
}

async function readMetadata(bytes: Uint8Array): Promise<Metadata> {
  const kind = formatOf(bytes)
  if (kind === undefined) throw new UnsupportedError(`This is not an image in a known format. ${allowed}`)
  // Only the header is read here; our own limit, with its own message, comes right after.
  const metadata = await sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch((cause: unknown) => {
      throw new InvalidInputError(`The ${kind} is damaged: ${firstLine(cause)}`, { cause })
    })
  checkPixels(metadata)
  return metadata
}

function formatOf(bytes: Uint8Array): 'JPEG' | 'PNG' | 'WebP' | undefined {
  if (isJpeg(bytes)) return 'JPEG'
  const start = String.fromCharCode(...bytes.subarray(0, 16))
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'PNG'
  return start.startsWith('RIFF') && start.slice(8, 12) === 'WEBP' ? 'WebP' : undefined
}

function checkPixels({ height, width }: { readonly height: number; readonly width: number }): void {
  if (height * width <= limits.imagePixels) return
  throw new TooLargeError(
    `The image has ${width} x ${height} = ${height * width} pixels; ${limits.imagePixels} are allowed. Shrink it first.`,
  )
}

async function decodeBySharp(bytes: Uint8Array, spec: ImagePreprocess): Promise<Pixels> {
  // The embedded colour profile is left aside, as TensorFlow and Pillow leave it; slips that Pillow forgives are forgiven.
  const input = sharp(bytes, {
    failOn: 'error',
    ignoreIcc: true,
    limitInputPixels: limits.imagePixels,
    autoOrient: spec.exif === 'apply',
  })
  const opaque = spec.alpha === 'drop' ? input.removeAlpha() : input.flatten({ background: spec.alpha })
  try {
    const { data, info } = await opaque
      .toColourspace('srgb')
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true })
    return toColour({
      data: new Uint8Array(data.buffer, data.byteOffset, data.length),
      height: info.height,
      width: info.width,
      channels: info.channels,
    })
  } catch (cause) {
    throw new InvalidInputError(`The ${formatOf(bytes)} is damaged: ${firstLine(cause)}`, { cause })
  }
}

const firstLine = (error: unknown): string => messageOf(error).split('\n')[0] ?? ''

function toColour(image: Pixels): Pixels {
  if (image.channels === 3) return image
  const data = new Uint8Array(image.height * image.width * 3)
  for (let from = 0, to = 0; to < data.length; from += image.channels, to += 3) {
    data.fill(image.data[from] as number, to, to + 3)
  }
  return { ...image, data, channels: 3 }
}

/** ITU-R 601 luma in 16-bit fixed point, as Pillow's `convert('L')`. */
function toGrey({ data: from, height, width }: Pixels): Pixels {
  const data = new Uint8Array(height * width)
  for (let to = 0, at = 0; to < data.length; to++, at += 3) {
    const luma = (from[at] as number) * 19_595 + (from[at + 1] as number) * 38_470 + (from[at + 2] as number) * 7471
    data[to] = (luma + 0x8000) >> 16
  }
  return { data, height, width, channels: 1 }
}

/** The largest middle part with the aspect ratio asked for. */
function cropCenter(image: Pixels, target: { readonly height: number; readonly width: number }): Pixels {
  const height = Math.max(1, Math.min(image.height, Math.floor((image.width * target.height) / target.width)))
  const width = Math.max(1, Math.min(image.width, Math.floor((image.height * target.width) / target.height)))
  if (height === image.height && width === image.width) return image
  const top = Math.floor((image.height - height) / 2)
  const left = Math.floor((image.width - width) / 2)
  const rowBytes = width * image.channels
  const data = new Uint8Array(height * rowBytes)
  for (let row = 0; row < height; row++) {
    const from = ((top + row) * image.width + left) * image.channels
    data.set(image.data.subarray(from, from + rowBytes), row * rowBytes)
  }
  return { ...image, data, height, width }
}
