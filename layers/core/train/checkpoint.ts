/** Checkpoints: everything a stopped run needs to go on as if it had never stopped, in one file that is whole or absent. */
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { historySchema } from '../contract/index.ts'
import { StorageError, TrainingError } from '../errors.ts'
import { decodeTensors, encodeTensors, type NamedArray } from './safetensors.ts'

const metricsSchema = z.record(z.string(), z.number())

export const progressSchema = z.object({
  /** The epoch under way, from 1, and how many of its steps are done. */
  epoch: z.number().int().min(1),
  step: z.number().int().min(0),
  /** Sums over the steps of this epoch so far. */
  totals: z.object({
    examples: z.number(),
    loss: z.number(),
    correct: z.number(),
    gradientNorm: z.number(),
    seconds: z.number(),
  }),
  best: z.object({ epoch: z.number().int(), metrics: metricsSchema }).optional(),
  history: historySchema.pick({ epochs: true, notices: true }),
  /** Seconds trained so far, over all runs. */
  seconds: z.number(),
})
export type Progress = z.infer<typeof progressSchema>

/** State of a run between two steps. Arrays are in the model's and the optimiser's own order. */
export interface Checkpoint {
  /** What the run is about; a checkpoint only continues a run with the same identity. */
  readonly identity: string
  readonly progress: Progress
  readonly optimizerStep: number
  readonly weights: readonly NamedArray[]
  readonly best: readonly NamedArray[]
  readonly slots: readonly NamedArray[]
}

/** Where checkpoints are kept; one is enough, the newest. */
export interface CheckpointStore {
  /** Returns where it was written. */
  save(checkpoint: Checkpoint): Promise<string>
  load(): Promise<Checkpoint | undefined>
}

const groups = ['weights', 'best', 'slots'] as const
const headerSchema = z.object({ identity: z.string(), optimizerStep: z.number().int(), progress: progressSchema })

export const encodeCheckpoint = (checkpoint: Checkpoint): Uint8Array => {
  const { identity, optimizerStep, progress } = checkpoint
  const tensors = groups.flatMap((group) =>
    checkpoint[group].map((tensor) => ({ ...tensor, name: `${group}/${tensor.name}` })),
  )
  return encodeTensors(tensors, { maas_checkpoint: JSON.stringify({ identity, optimizerStep, progress }) })
}

export const decodeCheckpoint = (bytes: Uint8Array): Checkpoint => {
  const { tensors, metadata } = decodeTensors(bytes)
  const header = headerSchema.parse(JSON.parse(metadata.maas_checkpoint ?? 'null'))
  const of = (group: string): NamedArray[] =>
    tensors
      .filter(({ name }) => name.startsWith(`${group}/`))
      .map((tensor) => ({ ...tensor, name: tensor.name.slice(group.length + 1) }))
  return { ...header, weights: of('weights'), best: of('best'), slots: of('slots') }
}

/** Keeps the newest checkpoint in `directory`: written beside, flushed, then renamed over the last one. */
export const fileCheckpoints = (directory: string): CheckpointStore => {
  const path = join(directory, 'checkpoint.safetensors')
  const draft = `${path}.tmp`
  return {
    save: async (checkpoint) => {
      try {
        await mkdir(directory, { recursive: true })
        const file = await open(draft, 'w')
        try {
          await file.writeFile(encodeCheckpoint(checkpoint))
          await file.sync()
        } finally {
          await file.close()
        }
        await rename(draft, path)
        return path
      } catch (cause) {
        await rm(draft, { force: true }).catch(() => undefined)
        throw new StorageError(
          `cannot write the checkpoint ${path}: ${(cause as Error).message}; free some disk, or choose another folder`,
          { cause },
        )
      }
    },
    load: async () => {
      const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
        if (cause.code === 'ENOENT') return undefined
        throw new StorageError(`cannot read the checkpoint ${path}: ${cause.message}`, { cause })
      })
      if (bytes === undefined) return undefined
      try {
        return decodeCheckpoint(bytes)
      } catch (cause) {
        throw new TrainingError(
          `the checkpoint ${path} is damaged (${(cause as Error).message.slice(0, 200)}); delete it to train from the start`,
          { cause },
        )
      }
    },
  }
}
