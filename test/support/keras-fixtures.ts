/** Models that real Keras wrote, with the answers it gave; see `test/fixtures/keras/generate.py`. */
import { createReadStream } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { createBrotliDecompress } from 'node:zlib'
import { extract } from 'tar-stream'

export interface ExpectedTensor {
  readonly shape: readonly number[]
  readonly dtype: string
  /** Texts where the dtype is `object`. */
  readonly data: readonly number[]
}

/** What Keras answered to which inputs. */
export interface Expected {
  readonly inputs: readonly ExpectedTensor[]
  readonly outputs: readonly ExpectedTensor[]
}

const archives = new Map<string, Promise<ReadonlyMap<string, Uint8Array>>>()

/** All files of an archive by name: `cnn.h5`, `cnn.keras`, `cnn.json` … */
export const kerasFixtures = (keras: 2 | 3): Promise<ReadonlyMap<string, Uint8Array>> => archiveNamed(`keras${keras}`)

const archiveNamed = (name: string): Promise<ReadonlyMap<string, Uint8Array>> => {
  const path = new URL(`../fixtures/keras/${name}.tar.br`, import.meta.url).pathname
  const known = archives.get(path) ?? unpack(path)
  archives.set(path, known)
  return known
}

const unpack = async (path: string): Promise<Map<string, Uint8Array>> => {
  const files = new Map<string, Uint8Array>()
  const entries = createReadStream(path).pipe(createBrotliDecompress()).pipe(extract())
  for await (const entry of entries) files.set(entry.header.name, await buffer(entry))
  return files
}

/** One file; a clear failure when there is none of that name. */
export const kerasFixture = async (keras: 2 | 3, name: string): Promise<Uint8Array> => {
  const file = (await kerasFixtures(keras)).get(name)
  if (!file) throw new Error(`no ${name} among the fixtures of Keras ${keras}`)
  return file
}

/** The tutorial's model as Python Keras 3 trained and saved it, test images (0 to 1, rows first), and Keras' predictions for them. */
export const tutorial = async () => {
  const files = await archiveNamed('tutorial')
  const file = (extension: 'h5' | 'keras' | 'json'): Uint8Array => {
    const bytes = files.get(`model.${extension}`)
    if (!bytes) throw new Error(`no model.${extension} in the tutorial's fixture`)
    return bytes
  }
  const { images, predictions }: Record<'images' | 'predictions', number[][]> = JSON.parse(
    new TextDecoder().decode(file('json')),
  )
  const pixel = (image: readonly number[], at: number): number[] => image.slice(at, at + 3).map((byte) => byte / 255)
  const rows = images.map((image) =>
    Array.from({ length: 32 }, (_, y) => Array.from({ length: 32 }, (_, x) => pixel(image, (y * 32 + x) * 3))),
  )
  return { file, images: rows, predictions }
}

export const expectedOf = async (keras: 2 | 3, name: string): Promise<Expected> =>
  JSON.parse(new TextDecoder().decode(await kerasFixture(keras, `${name}.json`)))

/** max|a-b| / max|b|, infinite when shapes differ. */
export const difference = (
  got: { shape: readonly number[]; data: ArrayLike<number> },
  expected: ExpectedTensor,
): number => {
  if (String(got.shape) !== String(expected.shape)) return Number.POSITIVE_INFINITY
  const largest = Math.max(1e-30, ...expected.data.map(Math.abs))
  const worst = expected.data.map((value, i) => Math.abs((got.data[i] ?? Number.NaN) - value))
  return worst.some(Number.isNaN) ? Number.POSITIVE_INFINITY : Math.max(...worst) / largest
}
