/** Imports on one machine: a queue of checks, each a process of its own, and the registration of what passed. */

import { tmpdir } from 'node:os'
import {
  type ChildRunner,
  checkImport,
  childRunner,
  missingReplays,
  type Swept,
  sweep,
  verifyVersion,
} from '@maas/check'
import { describeReplay } from '@maas/core/certificate'
import type { Replay } from '@maas/core/contract'
import { messageOf, NotReadyError } from '@maas/core/errors'
import { createImports, createUploads, type Imports, registerImport, type Uploads } from '@maas/core/imports'
import { findNative, nativeId } from '@maas/core/kernels/find'
import { writeCompiled } from '@maas/core/predict/derived'
import type { Registry } from '@maas/core/registry'
import type { ObjectStore } from '@maas/core/store'
import PQueue from 'p-queue'
import { checkProgram, type Program } from './process.ts'
import { createFileUploads, type FileUploads } from './uploads.ts'

export interface LocalImportDeps {
  readonly store: ObjectStore
  readonly registry: Registry
  readonly secret: Uint8Array
  readonly clock: () => number
  readonly ids: () => string
  /** What could not be done, for people. */
  readonly say: (text: string) => void
}

export interface LocalImports {
  readonly files: FileUploads
  readonly uploads: Uploads
  readonly imports: Imports
  /** A check is near: its process starts loading kernels while the files are still on their way. */
  prepare(): void
  /** NotReadyError when too many are waiting. Resolves when the import is registered or failed. */
  check(id: string): Promise<void>
  verify(name: string, version: number): Promise<Replay>
  /** Replays on the native kernels in force, once, what was registered on others. Says which fail, and which could not be run. */
  sweep(): Promise<Swept>
  /** The same for versions that an alias is about to mean. */
  ensureReplayed(name: string, versions: readonly number[]): Promise<void>
  /** Goes on with checks that an earlier service left. */
  resume(): Promise<void>
  close(): Promise<void>
}

const mostWaiting = 100
/** Kept in lineage. */
const code = 'maas 0.1.0'

export const createLocalImports = ({ store, registry, secret, clock, ids, say }: LocalImportDeps): LocalImports => {
  const now = () => new Date(clock())
  const files = createFileUploads({ store, secret, clock })
  const uploads = createUploads({ store, port: files, now })
  const imports = createImports({ store, uploads, now, ids })
  // One at a time: a check takes all cores and a model's size in memory.
  const queue = new PQueue({ concurrency: 1 })
  let program: Promise<Program> | undefined
  let runner: { readonly kernels: string | undefined; readonly processes: ChildRunner } | undefined

  /** Undefined id where there are no native kernels. */
  const findKernels = async () => {
    const { found } = await findNative(process.env)
    return { directory: found?.directory, id: found && nativeId(found.manifest.tensorflow, found.manifest.arch) }
  }
  /** Kernels may be built while this process runs: the next check is then made on them. */
  const runnerOn = async (kernels: string | undefined): Promise<ChildRunner> => {
    program ??= checkProgram(say)
    const { entry, args } = await program
    if (runner === undefined || runner.kernels !== kernels) {
      runner?.processes.close()
      runner = { kernels, processes: childRunner({ entry, execArgv: args, kernels }) }
    }
    return runner.processes
  }
  const checkDeps = async () => {
    const { directory, id = 'wasm' } = await findKernels()
    const { run } = await runnerOn(directory)
    return { store, registry, run, kernels: id, now, temporary: tmpdir() }
  }

  const check = async (id: string): Promise<void> => {
    if (queue.size >= mostWaiting) throw new NotReadyError(`${mostWaiting} imports are waiting; try again later.`)
    await queue.add(async () => {
      await checkImport(id, await checkDeps())
      await registerImport(id, { store, registry, code, writeCompiled })
    })
  }

  const verify = async (name: string, version: number): Promise<Replay> =>
    verifyVersion({ name, version }, await checkDeps())

  let closing = false
  const prepare = async (): Promise<void> => {
    const { directory } = await findKernels()
    const processes = await runnerOn(directory)
    // One that is busy checks the next import with a process that it starts then.
    if (!closing && queue.pending === 0) processes.prepare()
  }
  return {
    files,
    uploads,
    imports,
    prepare: () => void prepare().catch(() => {}),
    check,
    verify,
    sweep: async () => {
      const { id: kernels } = await findKernels()
      if (kernels === undefined) return { replayed: 0, left: 0 }
      return sweep({
        registry,
        kernels,
        goOn: () => !closing,
        // Imports that come meanwhile take turns with it.
        verify: ({ name, version }) => queue.add(() => verify(name, version)) as Promise<Replay>,
        tell: (model, outcome) => {
          if (outcome instanceof Error) say(`The certificate of ${model} was not replayed: ${outcome.message}`)
          else if (!outcome.passed) say(`${model} ${describeReplay(outcome)}`)
        },
      })
    },
    ensureReplayed: async (name, versions) => {
      const { id: kernels } = await findKernels()
      if (kernels === undefined) return
      for (const { version } of await missingReplays(registry, kernels, name))
        if (versions.includes(version)) await verify(name, version)
    },
    resume: async () => {
      for (const { id, status } of await imports.list()) {
        if (status !== 'checking') continue
        void check(id).catch((error: unknown) => say(`Import ${id} could not be checked: ${messageOf(error)}`))
      }
    },
    close: async () => {
      closing = true
      runner?.processes.close()
      queue.clear()
      await queue.onIdle()
    },
  }
}
