/** What follows a verdict, by the one role that registers: the vetted candidate becomes a version, its derived files go along, the alias moves. */
import { replayPath, type Verdict } from '../contract/index.ts'
import { ConflictError, MaasError, NotFoundError } from '../errors.ts'
import type { Registry } from '../registry/index.ts'
import {
  type ObjectStore,
  objectsBelow,
  readRecord,
  type StoredContent,
  storedContent,
  toJson,
} from '../store/index.ts'
import { type ImportRecord, type Outcome, outcomeSchema, readImport, readVerdict } from './imports.ts'
import { importKeys, uploadKeys } from './keys.ts'

export interface RegisterDeps {
  readonly store: ObjectStore
  readonly registry: Registry
  /** e.g. `maas 0.1.0`. */
  readonly code: string
  /** Stores a compiled graph among a version's derived files. */
  readonly writeCompiled: (
    registry: Registry,
    manifest: Awaited<ReturnType<Registry['manifest']>>,
    kernels: string,
    compiled: { readonly graph: StoredContent; readonly rowsIndependent: boolean },
  ) => Promise<unknown>
}

/** Repeated and simultaneous calls register nothing twice. NotFoundError when there is no import or no verdict. */
export const registerImport = async (id: string, deps: RegisterDeps): Promise<Outcome> => {
  const { store } = deps
  const keys = importKeys(id)
  const before = await readRecord(store, keys.outcome, outcomeSchema)
  if (before !== undefined) return before
  const record = await readImport(store, id)
  const verdict = await readVerdict(store, id)
  if (verdict === undefined) throw new NotFoundError(`Import ${id} has no verdict yet.`)
  const outcome = await settle(id, record, verdict, deps)
  try {
    await store.put(keys.outcome, toJson(outcome), { ifAbsent: true })
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
  }
  // What is registered lies in blobs and derived files now.
  for await (const { key } of objectsBelow(store, keys.candidate)) await store.delete(key)
  await store.delete(keys.graph)
  for (const upload of Object.values(record.uploads)) {
    const { record: announced, complete } = uploadKeys(upload.id)
    // The record first: without it the same file is a new upload.
    for (const key of [announced, complete, upload.key]) await store.delete(key)
  }
  return (await readRecord(store, keys.outcome, outcomeSchema)) ?? outcome
}

const settle = async (
  id: string,
  { request }: ImportRecord,
  verdict: Verdict,
  { store, registry, code, writeCompiled }: RegisterDeps,
): Promise<Outcome> => {
  if (verdict.error !== undefined) return { schema: 1, error: verdict.error }
  const keys = importKeys(id)
  const [graph, ...files] = await Promise.all([
    verdict.graph && storedContent(store, keys.graph),
    ...verdict.files.map(async (path) => [path, await storedContent(store, keys.candidate + path)] as const),
  ])
  const manifest = await registry.register(request.model, {
    files: Object.fromEntries(files),
    metrics: verdict.metrics,
    lineage: { source: 'import', import: id, file: request.files[0]?.path ?? '', code, kernels: verdict.kernels },
    ...(request.description !== undefined && { description: request.description }),
  })
  const { version } = manifest
  if (verdict.graph !== undefined && graph !== undefined) {
    await writeCompiled(registry, manifest, verdict.kernels, { graph, ...verdict.graph })
  }
  if (verdict.certificate !== undefined) {
    await registry.putDerived(manifest, replayPath(verdict.kernels), toJson(verdict.certificate))
  }
  if (request.alias === undefined) return { schema: 1, version }
  try {
    await registry.setAlias(request.model, request.alias, [{ version, weight: 100 }], {
      by: 'import',
      why: `import of ${request.files[0]?.path} (${id})`,
    })
    return { schema: 1, version }
  } catch (error) {
    if (!(error instanceof MaasError) || error.code !== 'conflict') throw error
    return {
      schema: 1,
      version,
      error: {
        code: error.code,
        message: `${request.model}:${version} is registered, its alias did not move: ${error.message}`,
      },
    }
  }
}
