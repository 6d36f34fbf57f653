/** Lays out a training container's folder from a job document: what SageMaker or Batch does there, for one machine. */
import { access, mkdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { checked, hyperParametersSchema, type TrainingJob } from '@maas/core/contract'
import { ConflictError, InvalidInputError, NotFoundError, UnsupportedError } from '@maas/core/errors'
import { type Layout, layoutOf } from './layout.ts'

export interface PrepareOptions {
  /** A Keras or TF.js topology as JSON text, in place of a preset; as long as it needs to be. */
  readonly topology?: string
  /** Files of the model that training starts from: see `start.ts`. */
  readonly start?: Readonly<Record<string, Uint8Array>>
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, null, 2)}\n`)

/** The local path of a `file://` address, whether or not its special characters were escaped. */
const localPath = async (address: string, param: string): Promise<string> => {
  if (!address.startsWith('file://'))
    throw new UnsupportedError(`${param}: got ${address}; jobs on this machine read file:// addresses`, { param })
  const plain = address.slice('file://'.length)
  const path = (await exists(plain)) ? plain : fileURLToPath(address)
  if (!(await exists(path))) throw new NotFoundError(`${param}: ${path} does not exist`, { param })
  return path
}

/** Channels are links: nothing is copied, and a file stands alone in its channel's folder. */
const linkChannel = async (layout: Layout, name: string, address: string): Promise<void> => {
  const path = await localPath(address, `InputDataConfig.${name}`)
  const channel = layout.channel(name)
  await rm(channel, { recursive: true, force: true })
  await mkdir(dirname(channel), { recursive: true })
  if ((await stat(path)).isDirectory()) return symlink(path, channel)
  await mkdir(channel)
  await symlink(path, join(channel, basename(path)))
}

/**
 * Writes `input/` of the folder `baseDir` for this job; the job document comes last, so that a folder with one is complete.
 * ConflictError when the folder already has a job; InvalidInputError, NotFoundError and UnsupportedError name the field at fault.
 */
export const prepareJob = async (job: TrainingJob, baseDir: string, options: PrepareOptions = {}): Promise<void> => {
  const layout = layoutOf(baseDir)
  const { maas_topology: topology } = checked(hyperParametersSchema, job.HyperParameters, 'HyperParameters')
  if (await exists(layout.job))
    throw new ConflictError(`${baseDir} already holds a job; resume that one, or give the new job a folder of its own`)
  if (topology !== undefined && !topology.trimStart().startsWith('{'))
    throw new InvalidInputError(`maas_topology: got "${topology.slice(0, 60)}"; allowed is a topology as JSON`, {
      param: 'maas_topology',
    })
  const names = job.InputDataConfig.map(({ ChannelName }) => ChannelName)
  if (!names.includes('train') || new Set(names).size < names.length)
    throw new InvalidInputError(
      `InputDataConfig: got channels ${names.join(', ')}; allowed is one train, and at most one validation and test`,
      {
        param: 'InputDataConfig',
      },
    )
  await mkdir(dirname(layout.job), { recursive: true })
  for (const { ChannelName, DataSource } of job.InputDataConfig)
    await linkChannel(layout, ChannelName, DataSource.S3DataSource.S3Uri)
  await writeJson(layout.hyperparameters, job.HyperParameters)
  await writeJson(
    layout.inputDataConfig,
    Object.fromEntries(
      job.InputDataConfig.map(({ ChannelName, ContentType }) => [
        ChannelName,
        {
          TrainingInputMode: 'File',
          S3DistributionType: 'FullyReplicated',
          RecordWrapperType: 'None',
          ...(ContentType && { ContentType }),
        },
      ]),
    ),
  )
  await writeJson(layout.resourceConfig, { current_host: 'algo-1', hosts: ['algo-1'] })
  if (options.topology !== undefined) await writeFile(layout.topology, options.topology)
  if (options.start !== undefined) {
    await mkdir(layout.start, { recursive: true })
    for (const [name, bytes] of Object.entries(options.start)) await writeFile(join(layout.start, name), bytes)
  }
  const draft = `${layout.job}.tmp`
  await writeJson(draft, job)
  await rename(draft, layout.job)
}
