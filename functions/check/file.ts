/** Vets a model that lies on this machine, without an import around it: the same process, the same verdict. */
import { readFile, symlink, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type ImportRequest, type Verdict, verdictSchema } from '@maas/core/contract'
import { UnsupportedError } from '@maas/core/errors'
import { measureFile } from '@maas/core/store'
import { folders } from './folder.ts'
import { type RunChild, readResult } from './run.ts'
import { inFolder } from './work-folder.ts'

export interface FileToVet extends Pick<ImportRequest, 'model' | 'labels' | 'preprocess'> {
  readonly directory: string
  /** Of the model in it; other files of the model lie beside it. */
  readonly file: string
}

export interface VettedFile {
  readonly verdict: Verdict
  /** Of the candidate, by path; none when the verdict is an error. */
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly graph?: Uint8Array
}

/** UnsupportedError when the process that read it ended without a verdict. */
export const vetFile = (
  { directory, file, ...about }: FileToVet,
  { run, temporary }: { readonly run: RunChild; readonly temporary: string },
): Promise<VettedFile> =>
  inFolder(temporary, async (work) => {
    const place = folders(work)
    const path = join(directory, file)
    await symlink(resolve(directory), place.files)
    const files = [{ path: file, ...(await measureFile(path)) }]
    await writeFile(place.request, JSON.stringify({ ...about, files } satisfies ImportRequest))
    const ended = await run('vet', work)
    const verdict = verdictSchema.safeParse(await readResult(place.result)).data
    if (ended !== undefined || verdict === undefined)
      throw new UnsupportedError(`the process that read ${path} ${ended ?? 'left no result'}; the model is refused.`)
    const candidate = await Promise.all(
      verdict.files.map(async (name) => [name, await readFile(join(place.candidate, name))] as const),
    )
    const graph = verdict.graph === undefined ? undefined : await readFile(place.graph)
    return { verdict, files: Object.fromEntries(candidate), ...(graph && { graph }) }
  })
