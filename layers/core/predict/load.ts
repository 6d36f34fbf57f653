/** A version's files out of the registry into a predictor. */
import { availableParallelism } from 'node:os'
import { formatReference, type Manifest, preprocessSchema, versionFiles } from '@maas/core/contract'
import { InvalidInputError, messageOf, StorageError } from '@maas/core/errors'
import { openSession } from '@maas/core/graph'
import type { KernelSource } from '@maas/core/kernels/sessions'
import type { Registry } from '@maas/core/registry'
import * as z from 'zod'
import { batching } from './batching.ts'
import { readCompiled, writeCompiled } from './derived.ts'
import { createPredictor, type Predictor, predictorOf } from './predictor.ts'

export interface LoadOptions {
  /** Receives a sentence when the model runs slower than it could. @default standard error */
  readonly announce?: ((line: string) => void) | undefined
  /** Receives what was done on the way that a person may want to know. @default nobody */
  readonly tell?: ((line: string) => void) | undefined
  /** Most rows of requests that came together and share a run. @default 1: each has its own */
  readonly batchRows?: number | undefined
  /** Threads this process may use. @default all of the machine, or of the container */
  readonly threads?: number | undefined
}

/**
 * Runs the version's compiled graph where its derived files have one for these kernels, without loading tfjs. Else it
 * is compiled now, and stored for the next process where the store can be written.
 * StorageError when a file is missing or damaged; UnsupportedError when the model cannot run here.
 */
export const loadPredictor = async (
  registry: Registry,
  manifest: Manifest,
  kernels: KernelSource,
  { announce = toStandardError, tell = () => {}, threads = availableParallelism(), batchRows = 1 }: LoadOptions = {},
): Promise<Predictor> => {
  const { name, version } = manifest
  // Before the kernels are asked for: they load meanwhile.
  const id = await kernels.id()
  const [described, compiled] = await Promise.all([
    describe(registry, manifest),
    id === undefined ? undefined : readCompiled(registry, manifest, id),
  ])
  const native = await kernels.sessions()
  if (native !== undefined && compiled !== undefined) {
    const session = openSession(compiled.graph, native.sessions, { threads, ...compiled })
    const model = { name, version, ...described, signature: session.signature, bytes: compiled.graph.length }
    return predictorOf(model, batching(session, batchRows), native, native.sessions)
  }
  const predictor = await compile(registry, manifest, kernels, described, { announce, threads, batchRows })
  if (native !== undefined) {
    const label = formatReference({ name, version })
    await writeCompiled(registry, manifest, native.id, predictor).then(
      (written) => written && tell(`${label} was compiled; its graph is stored for the next process.`),
      (error: unknown) => tell(`${label} was compiled; its graph could not be stored: ${messageOf(error)}`),
    )
  }
  return predictor
}

const damaged = ({ name, version }: Manifest, path: string, cause: unknown): StorageError =>
  new StorageError(`${path} of ${name}:${version} is damaged: ${messageOf(cause)}`, { cause })

const read = async (registry: Registry, manifest: Manifest, path: string): Promise<Uint8Array | undefined> =>
  manifest.files.some((file) => file.path === path) ? registry.file(manifest, path) : undefined

/** What every way of running the model needs beside it. */
const describe = async (registry: Registry, manifest: Manifest) => {
  const json = async <T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    const bytes = await read(registry, manifest, path)
    if (bytes === undefined) return undefined
    try {
      return schema.parse(JSON.parse(new TextDecoder().decode(bytes)))
    } catch (cause) {
      throw damaged(manifest, path, cause)
    }
  }
  const [preprocess, labels] = await Promise.all([
    json(versionFiles.preprocess, preprocessSchema),
    json(versionFiles.labels, z.array(z.string())),
  ])
  return { preprocess: preprocess ?? { kind: 'tensor' as const }, labels: labels ?? [] }
}

const compile = async (
  registry: Registry,
  manifest: Manifest,
  kernels: KernelSource,
  described: Awaited<ReturnType<typeof describe>>,
  options: { readonly announce: (line: string) => void; readonly threads: number; readonly batchRows?: number },
): Promise<Predictor> => {
  const { name, version } = manifest
  const { artifactFromFiles } = await import('@maas/core/formats')
  try {
    const paths = manifest.files.map(({ path }) => path)
    const artifact = await artifactFromFiles(paths, (path) => registry.file(manifest, path))
    return await createPredictor({ name, version, artifact, ...described }, await kernels.whole(), options)
  } catch (cause) {
    // What is wrong with a stored model is no fault of whoever asks for a prediction.
    throw cause instanceof InvalidInputError ? damaged(manifest, 'the model', cause) : cause
  }
}

const toStandardError = (line: string): void => void process.stderr.write(`${line}\n`)
