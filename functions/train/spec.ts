/** What a job is to do, read from the container's folder: the whole job document, or the files SageMaker writes. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  channelNames,
  checked,
  type HyperParameters,
  hyperParametersSchema,
  type TrainingJob,
  trainingJobSchema,
} from '@maas/core/contract'
import { InvalidInputError, messageOf, NotFoundError } from '@maas/core/errors'
import type { Topology } from '@maas/core/train'
import * as z from 'zod'
import type { Layout } from './layout.ts'
import { readStart, type Start } from './start.ts'

export interface TrainingSpec {
  readonly name: string
  readonly hyperparameters: HyperParameters
  /** Paths of the data, by channel. */
  readonly data: { readonly train: string; readonly validation?: string; readonly test?: string }
  /** In place of a preset. */
  readonly topology?: Topology
  /** The model to go on with, whose topology this is. */
  readonly start?: Start
  readonly maxSeconds: number
}

/** Undefined when the file is absent. */
const readJson = async (path: string): Promise<unknown> => {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new InvalidInputError(`${path} cannot be read: ${cause.message}`, { cause, param: path })
  })
  if (text === undefined) return undefined
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidInputError(`${path} is not JSON: ${messageOf(cause)}`, { cause, param: path })
  }
}

/** The channel's only file when it holds just one (an archive, a table), else its folder, under their own names; undefined when there is no such channel. */
const channelPath = async (folder: string): Promise<string | undefined> => {
  const names = await readdir(folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined
    throw new InvalidInputError(`the channel ${folder} cannot be read: ${cause.message}`, { cause })
  })
  if (names === undefined) return undefined
  const [only, ...others] = names
  const path = only === undefined || others.length > 0 ? folder : join(folder, only)
  return realpath((await stat(path)).isFile() ? path : folder)
}

const record = z.record(z.string(), z.unknown())

/** A topology as Keras' `to_json` or TF.js' `model.json` write it, without what they wrap around it. */
const parseTopology = (value: unknown): Topology => {
  const outer = checked(record, value, 'maas_topology')
  const inner = checked(record, outer.modelTopology ?? outer, 'maas_topology')
  const topology = checked(record, inner.model_config ?? inner, 'maas_topology')
  if (typeof topology.class_name !== 'string')
    throw new InvalidInputError(
      `maas_topology: got keys ${Object.keys(topology).join(', ')}; a topology has class_name and config`,
      {
        param: 'maas_topology',
      },
    )
  return topology
}

const parseText = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidInputError(`maas_topology is not JSON: ${messageOf(cause)}`, { cause, param: 'maas_topology' })
  }
}

/** Throws InvalidInputError or NotFoundError naming the field or file at fault. */
export const readSpec = async (layout: Layout, jobName?: string): Promise<TrainingSpec> => {
  const document = await readJson(layout.job)
  const job: TrainingJob | undefined = document === undefined ? undefined : checked(trainingJobSchema, document, 'job')
  const given = job?.HyperParameters ?? (await readJson(layout.hyperparameters)) ?? {}
  const hyperparameters = checked(hyperParametersSchema, given, 'HyperParameters')
  const [train, validation, test] = await Promise.all(channelNames.map((name) => channelPath(layout.channel(name))))
  if (train === undefined)
    throw new NotFoundError(`there is no training data: ${layout.channel('train')} does not exist`, { param: 'train' })
  const start = await readStart(layout.start)
  const long = start?.artifact.topology ?? (await readJson(layout.topology))
  const { maas_topology: short } = hyperparameters
  const topology = long ?? (short === undefined ? undefined : parseText(short))
  return {
    name: job?.TrainingJobName ?? jobName ?? 'training-job',
    hyperparameters,
    data: { train, ...(validation !== undefined && { validation }), ...(test !== undefined && { test }) },
    ...(topology !== undefined && { topology: parseTopology(topology) }),
    ...(start && { start }),
    maxSeconds: job?.StoppingCondition.MaxRuntimeInSeconds ?? Number.POSITIVE_INFINITY,
  }
}
