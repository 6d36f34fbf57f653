/** Imports as resources: what an import is follows from which of its objects exist, so that no two writers can disagree about it. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import {
  type Import,
  type ImportRequest,
  importRequestSchema,
  type Upload,
  type Verdict,
  verdictSchema,
  versionSchema,
} from '../contract/index.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import { foldersBelow, type ObjectStore, objectsBelow, readRecord, toJson } from '../store/index.ts'
import { importKeys, importsPrefix } from './keys.ts'
import type { Uploads } from './uploads.ts'

export const importRecordSchema = z.object({
  schema: z.literal(1),
  request: importRequestSchema,
  /** By the file's path. */
  uploads: z.record(z.string(), z.object({ id: z.string(), key: z.string() })),
  createdAt: z.string(),
})
export type ImportRecord = z.infer<typeof importRecordSchema>

export const outcomeSchema = z.object({
  schema: z.literal(1),
  version: versionSchema.optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
})
export type Outcome = z.infer<typeof outcomeSchema>

export interface ImportDeps {
  readonly store: ObjectStore
  readonly uploads: Uploads
  readonly now: () => Date
  /** A new random id; any text. */
  readonly ids: () => string
}

export interface Imports {
  /** The same key is the same import; ConflictError when it comes with another request. */
  create(request: ImportRequest, key?: string): Promise<Import>
  get(id: string): Promise<Import>
  /** Newest first, at most a hundred. */
  list(): Promise<readonly Import[]>
  /** ConflictError while files are missing. */
  complete(id: string): Promise<Import>
  remove(id: string): Promise<void>
}

/** Listing reads each import; more than these lie there only when nobody ever cleaned up. */
const mostListed = 1000
const mostShown = 100

export const readImport = async (store: ObjectStore, id: string): Promise<ImportRecord> => {
  const record = await readRecord(store, importKeys(id).request, importRecordSchema)
  if (record === undefined) throw new NotFoundError(`There is no import ${id}.`, { param: 'import' })
  return record
}

export const readVerdict = (store: ObjectStore, id: string): Promise<Verdict | undefined> =>
  readRecord(store, importKeys(id).verdict, verdictSchema)

export const createImports = ({ store, uploads, now, ids }: ImportDeps): Imports => {
  const describe = async (id: string, { request, uploads: sent, createdAt }: ImportRecord): Promise<Import> => {
    const keys = importKeys(id)
    const [outcome, verdict, ready] = await Promise.all([
      readRecord(store, keys.outcome, outcomeSchema),
      readVerdict(store, id),
      store.head(keys.ready),
    ])
    const [file = { path: '' }] = request.files
    const error = outcome?.error ?? verdict?.error
    const status = outcome?.version !== undefined ? 'registered' : error ? 'failed' : ready ? 'checking' : 'pending'
    const pending: Upload[] | undefined =
      status === 'pending' ? await Promise.all(Object.values(sent).map((upload) => uploads.get(upload.id))) : undefined
    return {
      id,
      model: request.model,
      file: file.path,
      status,
      created_at: createdAt,
      ...(request.alias !== undefined && { alias: request.alias }),
      ...(outcome?.version !== undefined && { version: outcome.version }),
      ...(pending && { uploads: pending }),
      ...(error && { error }),
      ...(verdict?.conversion && { conversion: verdict.conversion }),
      ...(verdict?.certificate && { certificate: verdict.certificate }),
    }
  }

  const get = async (id: string): Promise<Import> => describe(id, await readImport(store, id))

  return {
    get,

    async create(request, key) {
      const id = createHash('sha256')
        .update(JSON.stringify(key === undefined ? ['random', ids()] : ['key', key]))
        .digest('hex')
        .slice(0, 32)
      const known = await readRecord(store, importKeys(id).request, importRecordSchema)
      const same = (record: ImportRecord): ImportRecord => {
        if (JSON.stringify(record.request) === JSON.stringify(request)) return record
        throw new ConflictError('This Idempotency-Key was used for another import; choose a new one.', {
          param: 'idempotency-key',
        })
      }
      if (known !== undefined) return describe(id, same(known))
      const sent = await Promise.all(
        request.files.map(async (file) => {
          const upload = await uploads.forImport(file)
          return [file.path, { id: upload.id, key: upload.key }] as const
        }),
      )
      const record: ImportRecord = {
        schema: 1,
        request,
        uploads: Object.fromEntries(sent),
        createdAt: now().toISOString(),
      }
      try {
        await store.put(importKeys(id).request, toJson(record), { ifAbsent: true })
        return await describe(id, record)
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        return describe(id, same(await readImport(store, id)))
      }
    },

    async list() {
      const found: Import[] = []
      for await (const folder of foldersBelow(store, importsPrefix)) {
        const id = folder.slice(importsPrefix.length, -1)
        const record = await readRecord(store, importKeys(id).request, importRecordSchema)
        if (record !== undefined) found.push(await describe(id, record))
        if (found.length === mostListed) break
      }
      return found.sort((a, b) => b.created_at.localeCompare(a.created_at)).slice(0, mostShown)
    },

    async complete(id) {
      const record = await readImport(store, id)
      for (const upload of Object.values(record.uploads)) await uploads.complete(upload.id)
      try {
        await store.put(importKeys(id).ready, toJson({ schema: 1, at: now().toISOString() }), { ifAbsent: true })
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
      }
      return describe(id, record)
    },

    async remove(id) {
      await readImport(store, id)
      const { prefix, request } = importKeys(id)
      for await (const { key } of objectsBelow(store, prefix)) if (key !== request) await store.delete(key)
      // Last: while it is there, a deletion that was interrupted can be repeated.
      await store.delete(request)
    },
  }
}
