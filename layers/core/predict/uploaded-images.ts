/** Images that callers have sent before: kept for each key apart, and put in where a request names one. */
import { createHash } from 'node:crypto'
import { type ImageUpload, imagePrefix, imageSeconds, sha256Schema, shown } from '@maas/core/contract'
import { InvalidInputError, NotFoundError, TooLargeError } from '@maas/core/errors'
import { ifFound, type ObjectStore, objectsBelow } from '@maas/core/store'

export interface UploadedImages {
  /** `owner`: SHA-256 of the caller's key; undefined where keys are off. The same file again is the same upload, kept for longer. */
  keep(owner: string | undefined, image: Uint8Array): Promise<ImageUpload>
  /** Reads images for one request. InvalidInputError, NotFoundError and TooLargeError name the place by `at`. */
  reader(owner: string | undefined): (id: unknown, at: string) => Promise<Uint8Array>
  /** Deletes what has expired. */
  sweep(): Promise<void>
}

/** Bytes of uploads that one request may name: they are in memory together. */
export const uploadedBytes = 64 * 1024 * 1024

const ownerOf = (owner: string | undefined): string => `${imagePrefix}${owner ?? 'everybody'}/`

export const createUploadedImages = ({
  store,
  clock,
}: {
  readonly store: ObjectStore
  /** Milliseconds since 1970. */
  readonly clock: () => number
}): UploadedImages => {
  const isOver = (modifiedAt: Date): boolean => modifiedAt.getTime() + imageSeconds * 1000 <= clock()
  return {
    keep: async (owner, image) => {
      const id = createHash('sha256').update(image).digest('hex')
      const { size, modifiedAt } = await store.put(`${ownerOf(owner)}${id}`, image)
      return { id, size, expires_at: new Date(modifiedAt.getTime() + imageSeconds * 1000).toISOString() }
    },

    reader: (owner) => {
      const read = new Map<string, Promise<Uint8Array>>()
      let left = uploadedBytes
      const fetch = async (id: string, at: string): Promise<Uint8Array> => {
        const key = `${ownerOf(owner)}${id}`
        const info = await store.head(key)
        const missing = new NotFoundError(
          `${at}: there is no upload ${id.slice(0, 12)}… of this key: it never was, or it is older than ${imageSeconds / 86_400} days. Send the image to POST /images.`,
          { param: at },
        )
        if (info === undefined || isOver(info.modifiedAt)) throw missing
        left -= info.size
        if (left < 0) {
          throw new TooLargeError(
            `${at}: the uploads of this request are larger than ${uploadedBytes} bytes together. Send several requests.`,
            { param: at },
          )
        }
        const found = await ifFound(store.get(key))
        if (found === undefined) throw missing
        return found.body
      }
      return async (id, at) => {
        const given = sha256Schema.safeParse(id)
        if (!given.success) {
          throw new InvalidInputError(
            `${at}: got ${shown(id)}; an upload is named by its id, 64 hexadecimal digits that POST /images answers. Addresses of other places are not fetched.`,
            { param: at },
          )
        }
        let reading = read.get(given.data)
        if (reading === undefined) {
          reading = fetch(given.data, at)
          read.set(given.data, reading)
        }
        return reading
      }
    },

    sweep: async () => {
      for await (const { key, modifiedAt } of objectsBelow(store, imagePrefix)) {
        if (isOver(modifiedAt)) await store.delete(key)
      }
    },
  }
}

const isFields = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** `{"upload": id}` wherever an image goes becomes `{"b64": …}`: an entry, an input of an entry, or an entry of a column. */
export const withUploads = async (
  value: unknown,
  at: string,
  read: (id: unknown, at: string) => Promise<Uint8Array>,
): Promise<unknown> => {
  if (Array.isArray(value)) {
    // Lists of numbers are left as they are.
    if (!value.some(isFields)) return value
    return Promise.all(value.map((entry, index) => withUploads(entry, `${at}[${index}]`, read)))
  }
  if (!isFields(value)) return value
  const names = Object.keys(value)
  if (names.length === 1 && names[0] === 'upload') {
    return { b64: Buffer.from(await read(value.upload, at)).toString('base64') }
  }
  const inner = names.map(async (name) => [name, await withUploads(value[name], `${at}.${name}`, read)] as const)
  return Object.fromEntries(await Promise.all(inner))
}
