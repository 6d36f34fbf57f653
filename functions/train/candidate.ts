/** The candidate a job leaves behind: a folder that is whole or absent. */
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { candidateFiles, type Lineage, type Replay } from '@maas/core/contract'
import { ConflictError, messageOf, StorageError } from '@maas/core/errors'

export interface Candidate {
  /** Files of the version, by name. */
  readonly files: Readonly<Record<string, Uint8Array>>
  /** Headline numbers, e.g. `test_accuracy`. */
  readonly metrics: Readonly<Record<string, number>>
  readonly lineage: Lineage
  /** How its golden tensors were replayed here; absent where none could be made. */
  readonly certified?: Certified
}

interface Certified {
  readonly replay: Replay
  readonly rowsIndependent: boolean
  /** Compiled, where it can be. */
  readonly graph?: Uint8Array
}

const draftOf = (folder: string): string => join(dirname(folder), `.${basename(folder)}.tmp`)

/** ConflictError when the folder already holds a candidate: a finished job is not trained over. */
export const checkNoCandidate = async (folder: string): Promise<void> => {
  const names = await readdir(folder).catch(() => [])
  if (names.length > 0)
    throw new ConflictError(`${folder} already holds a trained model; give a new job a folder of its own`)
}

const replayedOf = ({ replay, rowsIndependent, graph }: Certified) => ({
  replay,
  ...(graph && { graph: { rowsIndependent } }),
})

/** Writes every file beside, flushes them, then renames the folder into place. StorageError leaves nothing behind. */
export const writeCandidate = async (
  { files, lineage, metrics, certified }: Candidate,
  folder: string,
): Promise<void> => {
  const json = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`)
  const all = {
    ...files,
    [candidateFiles.metrics]: json(metrics),
    [candidateFiles.lineage]: json(lineage),
    ...(certified && { [candidateFiles.certificate]: json(replayedOf(certified)) }),
    ...(certified?.graph && { [candidateFiles.graph]: certified.graph }),
  }
  const draft = draftOf(folder)
  try {
    await rm(draft, { recursive: true, force: true })
    await mkdir(draft, { recursive: true })
    for (const [name, bytes] of Object.entries(all)) {
      const file = await open(join(draft, name), 'wx')
      try {
        await file.writeFile(bytes)
        await file.sync()
      } finally {
        await file.close()
      }
    }
    await rename(draft, folder)
  } catch (cause) {
    await rm(draft, { recursive: true, force: true }).catch(() => undefined)
    throw new StorageError(
      `cannot write the trained model to ${folder}: ${messageOf(cause)}; the checkpoint is kept, resume the job when this is mended`,
      {
        cause,
      },
    )
  }
}
