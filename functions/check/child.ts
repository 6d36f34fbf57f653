/** The process that touches a model from outside: a folder in, a folder out, an empty environment around it. */
import { closeSync, mkdirSync, openSync, writev } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { text as readAll } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { decodeGolden } from '@maas/core/certificate'
import { importRequestSchema, versionFiles } from '@maas/core/contract'
import { artifactFromFiles, prepareHdf5, type ReadHdf5 } from '@maas/core/formats'
import { loadKernels } from '@maas/core/kernels'
import { finished, folders } from './folder.ts'
import type { ChildTask } from './run.ts'
import { replayVersion, type VetDeps, vetModel } from './vet.ts'

const now = () => new Date()

/** Nothing, when whoever prepared this process has no use for it. */
const readTask = async (): Promise<ChildTask | undefined> => {
  const text = await readAll(process.stdin)
  return text === '' ? undefined : JSON.parse(text)
}

/** One call of the disk, which another thread makes while this one goes on with the model. */
const write = async (path: string, ...parts: readonly Uint8Array[]): Promise<void> => {
  mkdirSync(dirname(path), { recursive: true })
  const file = openSync(path, 'w')
  try {
    const { bytesWritten } = await promisify(writev)(file, parts)
    const size = parts.reduce((sum, { length }) => sum + length, 0)
    if (bytesWritten < size)
      throw new Error(`the disk is full: it took ${bytesWritten} of the ${size} bytes of ${path}`)
  } finally {
    closeSync(file)
  }
}

/** No `await` at the top: it is bundled for `require` too. */
const main = async (): Promise<void> => {
  // Before there is a task: what starts and is loaded meanwhile is not waited for later.
  const hdf5 = process.argv[2] === ('vet' satisfies ChildTask['task']) ? prepareHdf5() : undefined
  const loading = loadKernels({ announce: () => {} })
  loading.catch(() => {})
  try {
    const task = await readTask()
    if (task === undefined) return
    await perform(task, loading, hdf5?.readHdf5)
  } finally {
    hdf5?.close()
  }
  // From here on it may be ended at any time.
  process.stdout.write(finished)
}

const perform = async (
  { task, directory }: ChildTask,
  loading: ReturnType<typeof loadKernels>,
  readHdf5: ReadHdf5 | undefined,
): Promise<void> => {
  process.chdir(directory)
  process.env.TMPDIR = directory
  const place = folders(directory)
  const finish = (result: unknown): Promise<void> => write(place.result, Buffer.from(JSON.stringify(result)))
  const kernels = await loading
  if (task === 'vet') {
    const request = importRequestSchema.parse(JSON.parse(await readFile(place.request, 'utf8')))
    const writing: Promise<void>[] = []
    const keep: VetDeps['keep'] = (path, parts) => void writing.push(write(join(place.candidate, path), ...parts))
    let early: Uint8Array | undefined
    const written = (graph: Uint8Array): void => {
      early = graph
      writing.push(write(place.graph, graph))
    }
    const { verdict, graph } = await vetModel(request, place.files, {
      written,
      kernels,
      now,
      keep,
      ...(readHdf5 && { readHdf5 }),
    })
    await Promise.all(writing)
    if (graph !== undefined && graph !== early) await write(place.graph, graph)
    await finish(verdict)
  } else {
    const file = (path: string) => readFile(join(place.files, path))
    const artifact = await artifactFromFiles(await readdir(place.files), file)
    const golden = decodeGolden(await file(versionFiles.golden), await file(versionFiles.goldenValues))
    const { replay, graph, rowsIndependent } = await replayVersion(artifact, golden, { kernels, now })
    if (graph !== undefined) await write(place.graph, graph)
    await finish({ replay, ...(graph && { graph: { rowsIndependent } }) })
  }
}

main().catch((error: unknown) => {
  console.error(error)
  process.exitCode = 1
})
