/** The check of an import, and the replay of a version's certificate: files to a folder, a process to vet them, what it found back. */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Replay, replayedSchema, replayPath, type Verdict, verdictSchema, versionFiles } from '@maas/core/contract'
import { ConflictError, NotFoundError } from '@maas/core/errors'
import { importKeys, readImport, readVerdict } from '@maas/core/imports'
import { writeCompiled } from '@maas/core/predict/derived'
import type { Registry } from '@maas/core/registry'
import { measureFile, type ObjectStore, toJson } from '@maas/core/store'
import { folders } from './folder.ts'
import { type RunChild, readResult } from './run.ts'
import { inFolder } from './work-folder.ts'

export interface CheckDeps {
  readonly store: ObjectStore
  readonly registry: Registry
  readonly run: RunChild
  /** Folder for work under way. */
  readonly temporary: string
  /** What the process runs on. */
  readonly kernels: string
  readonly now: () => Date
}

/**
 * Writes the verdict once; an import that has one is left alone, so that a message may come again at any time.
 * Throws what may pass by itself, such as a store that is throttling: the message is then to come again.
 */
export const checkImport = async (id: string, deps: CheckDeps): Promise<Verdict> => {
  const { store, temporary } = deps
  const before = await readVerdict(store, id)
  if (before !== undefined) return before
  const { request, uploads } = await readImport(store, id)
  return inFolder(temporary, async (directory) => {
    const place = folders(directory)
    const notArrived = (path: string, problem: string) =>
      settle(
        id,
        failure(deps, 'invalid_input', `${path} did not arrive as announced: it ${problem}. Send it again.`),
        deps,
      )
    for (const { path, size } of request.files) {
      const file = join(place.files, path)
      await mkdir(dirname(file), { recursive: true })
      try {
        await store.getFile(uploads[path]?.key ?? '', file)
      } catch (error) {
        // Another import of the same file is through, and took it away.
        if (error instanceof NotFoundError) return notArrived(path, 'is gone')
        throw error
      }
      const found = (await stat(file)).size
      if (found !== size) return notArrived(path, `has ${found} bytes, ${size} were announced`)
    }
    await writeFile(place.request, JSON.stringify(request))
    // Their hashes are compared while they are vetted already.
    const [ended, ...arrived] = await Promise.all([
      deps.run('vet', directory),
      ...request.files.map(async (file) => [file, (await measureFile(join(place.files, file.path))).sha256] as const),
    ])
    for (const [{ path, sha256 }, found] of arrived)
      if (found !== sha256) return notArrived(path, `has the SHA-256 ${found}, ${sha256} was announced`)
    const verdict = verdictSchema.safeParse(await readResult(place.result)).data
    if (ended !== undefined || verdict === undefined) {
      const words = `the process that read ${request.files[0]?.path} ${ended ?? 'left no result'}`
      return settle(id, failure(deps, 'unsupported', `${words}; the model is refused.`), deps)
    }
    const keys = importKeys(id)
    await Promise.all([
      ...verdict.files.map((path) => store.putFile(keys.candidate + path, join(place.candidate, path))),
      ...(verdict.graph === undefined ? [] : [store.putFile(keys.graph, place.graph)]),
    ])
    return settle(id, verdict, deps)
  })
}

const failure = ({ kernels, now }: CheckDeps, code: string, message: string): Verdict => ({
  schema: 1,
  at: now().toISOString(),
  kernels,
  error: { code, message },
  files: [],
  metrics: {},
})

/** The first verdict counts. */
const settle = async (id: string, verdict: Verdict, { store }: CheckDeps): Promise<Verdict> => {
  try {
    await store.put(importKeys(id).verdict, toJson(verdict), { ifAbsent: true })
    return verdict
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
    return (await readVerdict(store, id)) ?? verdict
  }
}

/** Files of a version that a replay needs, as far as there are any. */
const parts = new Set<string>(
  (['model', 'weights', 'graph', 'golden', 'goldenValues'] as const).map((role) => versionFiles[role]),
)

/** Replays a version's certificate into its derived files. NotFoundError for a version that has none. */
export const verifyVersion = async (
  { name, version }: { readonly name: string; readonly version: number },
  deps: CheckDeps,
): Promise<Replay> => {
  const { registry } = deps
  const manifest = await registry.manifest(name, version)
  const { golden, goldenValues } = versionFiles
  const wanted = manifest.files.map(({ path }) => path).filter((path) => parts.has(path))
  if (!wanted.includes(golden) || !wanted.includes(goldenValues)) {
    throw new NotFoundError(
      `${name}:${version} has no parity certificate: it was registered without golden inputs and outputs. Push the model again to get one.`,
      { param: 'version' },
    )
  }
  return inFolder(deps.temporary, async (directory) => {
    const place = folders(directory)
    await mkdir(place.files)
    for (const path of wanted) await writeFile(join(place.files, path), await registry.file(manifest, path))
    const ended = await deps.run('replay', directory)
    const result = replayedSchema.safeParse(await readResult(place.result)).data
    const replay: Replay = result?.replay ?? {
      schema: 1,
      at: deps.now().toISOString(),
      kernels: deps.kernels,
      mode: 'eager',
      source: 'generated',
      rows: 0,
      tolerance: 0,
      difference: null,
      passed: false,
      outputs: [],
    }
    if (result?.graph !== undefined) {
      const compiled = { graph: await readFile(place.graph), ...result.graph }
      await writeCompiled(registry, manifest, replay.kernels, compiled)
    }
    await registry.putDerived(manifest, replayPath(replay.kernels), toJson(replay))
    if (result === undefined) {
      throw new NotFoundError(
        `${name}:${version} cannot be run on ${deps.kernels}: its process ${ended ?? 'left no result'}.`,
      )
    }
    return replay
  })
}
