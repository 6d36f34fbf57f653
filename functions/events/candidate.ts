/** Reads what a finished job left, wherever that lies. */
import {
  candidateFiles,
  checked,
  type Lineage,
  lineageSchema,
  type Replay,
  replayedSchema,
  versionFiles,
} from '@maas/core/contract'
import { TrainingError } from '@maas/core/errors'
import * as z from 'zod'

/** What a training job leaves behind: files of the version by name, headline metrics, lineage, and its certificate. */
export interface Candidate {
  readonly files: Readonly<Record<string, Uint8Array>>
  readonly metrics: Readonly<Record<string, number>>
  readonly lineage: Lineage
  readonly certified?: { readonly replay: Replay; readonly rowsIndependent: boolean; readonly graph?: Uint8Array }
}

const beside = new Set<string>(Object.values(candidateFiles))

/** TrainingError when there is no model among `names`; `job` only words it. */
export const readCandidate = async (
  job: string,
  names: readonly string[],
  read: (name: string) => Promise<Uint8Array>,
): Promise<Candidate> => {
  if (!names.includes(versionFiles.model)) throw new TrainingError(`the job ${job} left no ${versionFiles.model}`)
  const json = async (name: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await read(name)))
  const content = names.filter((name) => !beside.has(name))
  const files = await Promise.all(content.map(async (name) => [name, await read(name)] as const))
  const { replay, graph } = names.includes(candidateFiles.certificate)
    ? checked(replayedSchema, await json(candidateFiles.certificate), 'certificate')
    : {}
  return {
    files: Object.fromEntries(files),
    metrics: checked(z.record(z.string(), z.number()), await json(candidateFiles.metrics), 'metrics'),
    lineage: checked(lineageSchema, await json(candidateFiles.lineage), 'lineage'),
    ...(replay && {
      certified: {
        replay,
        rowsIndependent: graph?.rowsIndependent ?? false,
        ...(graph && { graph: await read(candidateFiles.graph) }),
      },
    }),
  }
}
