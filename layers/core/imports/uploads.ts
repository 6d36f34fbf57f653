/** Uploads as resources: announced by size and hash, so that the same file is the same upload and an interrupted one goes on. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import {
  checked,
  partBytes,
  type SignedPart,
  sha256Schema,
  sizeOfPart,
  type Upload,
  type UploadRequest,
} from '../contract/index.ts'
import { ConflictError, InvalidInputError, NotFoundError } from '../errors.ts'
import { ifFound, type ObjectStore, partsOf, readRecord, toJson, type UploadPort } from '../store/index.ts'
import { datasetKey, uploadKeys } from './keys.ts'

const recordSchema = z.object({
  schema: z.literal(1),
  id: z.string(),
  key: z.string(),
  size: z.number(),
  sha256: sha256Schema,
  partBytes: z.number(),
  token: z.string(),
  createdAt: z.string(),
})
type Record = z.infer<typeof recordSchema>

export interface UploadDeps {
  readonly store: ObjectStore
  readonly port: UploadPort
  readonly now: () => Date
}

/** A file to be sent, and where it is to lie once it is whole. */
interface Announced {
  readonly size: number
  readonly sha256: string
  readonly key: (id: string) => string
  /** What tells it from other uploads of the same content. */
  readonly name: string
}

export interface Uploads {
  create(request: UploadRequest): Promise<Upload>
  /** A file of an import. */
  forImport(file: { readonly path: string; readonly size: number; readonly sha256: string }): Promise<Upload>
  get(id: string): Promise<Upload>
  sign(id: string, parts: readonly { readonly number: number; readonly sha256: string }[]): Promise<SignedPart[]>
  /** ConflictError names the parts that are missing. Repeating is fine. */
  complete(id: string): Promise<Upload>
  /** ConflictError for one that is complete. */
  remove(id: string): Promise<void>
}

export const createUploads = ({ store, port, now }: UploadDeps): Uploads => {
  const read = async (id: string): Promise<Record> => {
    const record = await readRecord(store, uploadKeys(id).record, recordSchema)
    if (record === undefined) throw new NotFoundError(`There is no upload ${id}; uploads are forgotten after a week.`)
    return record
  }

  const describe = async (record: Record): Promise<Upload> => {
    const done = (await store.head(uploadKeys(record.id).complete)) !== undefined
    const { id, key, size, sha256, partBytes: part_bytes } = record
    const parts = partsOf(record)
    const received = done ? Array.from({ length: parts }, (_, index) => index + 1) : await port.received(record)
    return { id, key, size, sha256, part_bytes, parts, received: [...received], status: done ? 'complete' : 'pending' }
  }

  const announce = async ({ size, sha256, key, name }: Announced): Promise<Upload> => {
    const id = createHash('sha256')
      .update(JSON.stringify([name, size, sha256]))
      .digest('hex')
      .slice(0, 32)
    const known = await readRecord(store, uploadKeys(id).record, recordSchema)
    if (known !== undefined) return describe(known)
    const file = { key: key(id), size, sha256, partBytes: port.partBytes ?? partBytes }
    if ((await store.head(file.key)) !== undefined) {
      throw new ConflictError(`"${file.key}" is there already, and data sets are never replaced; choose another name.`)
    }
    const record: Record = { schema: 1, id, ...file, token: await port.begin(file), createdAt: now().toISOString() }
    try {
      await store.put(uploadKeys(id).record, toJson(record), { ifAbsent: true })
    } catch (error) {
      if (!(error instanceof ConflictError)) throw error
      // Announced twice at once: the other's parts count.
      await port.abort(record)
      return describe(await read(id))
    }
    return describe(record)
  }

  return {
    create: ({ dataset, size, sha256 }) => {
      const key = datasetKey(dataset)
      return announce({ size, sha256, key: () => key, name: key })
    },
    forImport: ({ path, size, sha256 }) => {
      const name = path.split('/').at(-1) ?? path
      return announce({ size, sha256, key: (id) => uploadKeys(id).file(name), name: `import/${name}` })
    },

    get: async (id) => describe(await read(id)),

    async sign(id, parts) {
      const record = await read(id)
      const most = partsOf(record)
      return Promise.all(
        parts.map(async ({ number, sha256 }, index) => {
          if (number > most) {
            throw new InvalidInputError(`parts.${index}.number: got ${number}; this file has ${most} parts`, {
              param: `parts.${index}.number`,
            })
          }
          const size = sizeOfPart({ size: record.size, part_bytes: record.partBytes }, number)
          return {
            number,
            ...(await port.address(record, { number, size, sha256: checked(sha256Schema, sha256, 'sha256') })),
          }
        }),
      )
    },

    async complete(id) {
      const record = await read(id)
      const upload = await describe(record)
      if (upload.status === 'complete') return upload
      const missing = Array.from({ length: upload.parts }, (_, index) => index + 1).filter(
        (number) => !upload.received.includes(number),
      )
      if (missing.length > 0) {
        const named = missing.slice(0, 10).join(', ')
        throw new ConflictError(
          `Of upload ${id}, ${missing.length} of ${upload.parts} parts have not arrived: ${named}${missing.length > 10 ? ', …' : ''}. Send them, then complete it.`,
        )
      }
      await port.finish(record)
      await store.put(uploadKeys(id).complete, toJson({ schema: 1, at: now().toISOString() }))
      return describe(record)
    },

    async remove(id) {
      const record = await read(id)
      if ((await store.head(uploadKeys(id).complete)) !== undefined) {
        throw new ConflictError(`Upload ${id} is complete; only one that is under way can be given up.`)
      }
      await port.abort(record)
      await ifFound(store.delete(uploadKeys(id).record))
    },
  }
}
