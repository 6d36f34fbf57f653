/** Small data sets for tests: pictures, tables and archives, made where they are needed. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { crc32, deflateSync, gzipSync } from 'node:zlib'
import { type ReadDataOptions, readDataSet } from '@maas/core/data'
import { zipSync } from 'fflate'
import sharp from 'sharp'
import tar from 'tar-stream'
import { onTestFinished } from 'vitest'

export const fixture = (name: string): string => new URL(`../../fixtures/data/${name}`, import.meta.url).pathname
export const readFixture = (name: string): Promise<Buffer> => readFile(fixture(name))

export type Files = Readonly<Record<string, Uint8Array | string>>

const bytesOf = (content: Uint8Array | string): Uint8Array =>
  typeof content === 'string' ? Buffer.from(content) : content

/** A folder that is removed when the test ends. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'maas-data-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export async function asFolder(files: Files): Promise<string> {
  const folder = await temporaryFolder()
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    if (path.endsWith('/')) await mkdir(join(folder, path), { recursive: true })
    else await writeFile(join(folder, path), bytesOf(content))
  }
  return folder
}

export async function asFile(name: string, content: Uint8Array | string): Promise<string> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, bytesOf(content))
  return path
}

export const asZip = (files: Files, level: 0 | 6 = 0): Promise<string> =>
  asFile(
    'data.zip',
    zipSync(Object.fromEntries(Object.entries(files).map(([path, content]) => [path, bytesOf(content)])), { level }),
  )

export async function asTar(
  files: Files,
  { gzip = false, links = {} }: { readonly gzip?: boolean; readonly links?: Readonly<Record<string, string>> } = {},
): Promise<string> {
  const pack = tar.pack()
  for (const [name, content] of Object.entries(files)) pack.entry({ name }, Buffer.from(bytesOf(content)))
  for (const [name, linkname] of Object.entries(links)) pack.entry({ name, type: 'symlink', linkname })
  pack.finalize()
  const chunks: Buffer[] = []
  for await (const chunk of pack) chunks.push(chunk as Buffer)
  const bytes = Buffer.concat(chunks)
  return gzip ? asFile('data.tar.gz', gzipSync(bytes)) : asFile('data.tar', bytes)
}

/** A picture of one colour with a little structure, so that no two seeds give the same pixels. */
export function picture(seed: number, size: { width: number; height: number } = { width: 8, height: 8 }) {
  const pixels = Buffer.alloc(size.width * size.height * 3)
  for (let at = 0; at < pixels.length; at++) pixels[at] = (seed * 37 + at * (1 + (seed % 5))) % 256
  return sharp(pixels, { raw: { ...size, channels: 3 } })
}

export const jpeg = (seed: number, size?: { width: number; height: number }) => picture(seed, size).jpeg().toBuffer()
export const png = (seed: number, size?: { width: number; height: number }) => picture(seed, size).png().toBuffer()

/** A whole PNG of one bit per pixel: 20,000 x 20,000 pixels in 50 kilobytes. */
export function blackPng(width: number, height: number): Buffer {
  const chunk = (type: string, data: Uint8Array) => {
    const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
    const frame = Buffer.alloc(8)
    frame.writeUInt32BE(data.length, 0)
    frame.writeUInt32BE(crc32(body), 4)
    return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * height))
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))])
}

/** `train/CLASS/i.jpg` and `test/CLASS/i.jpg`; pictures differ from one another. */
export async function imageFiles(
  classes: readonly string[],
  {
    train = 6,
    test = 2,
    prefix = '',
  }: { readonly train?: number; readonly test?: number; readonly prefix?: string } = {},
): Promise<Record<string, Uint8Array>> {
  const files: Record<string, Uint8Array> = {}
  let seed = 1
  for (const [part, images] of [
    ['train', train],
    ['test', test],
  ] as const) {
    for (const name of classes) {
      for (let index = 0; index < images; index++) files[`${prefix}${part}/${name}/${index}.jpg`] = await jpeg(seed++)
    }
  }
  return files
}

/** Reads with the options most tests want, on the decoder that needs nothing built. */
export const read = (
  train: string,
  options: Partial<ReadDataOptions> = {},
  parts: { readonly validation?: string; readonly test?: string } = {},
) =>
  readDataSet(
    { train, ...parts },
    { validationSplit: 0, testSplit: 0, seed: 1, maxBadFiles: 0, ...options },
    { kernels: {} },
  )
