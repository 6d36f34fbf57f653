/** Between the object store and a training container's folder: channels and checkpoint down, checkpoint and candidate up. */
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { checked, type JobPhase, jobKeys, type TrainingJob, trainingJobSchema } from '@maas/core/contract'
import { NotFoundError } from '@maas/core/errors'
import { channelKey, checkpointsKey } from '@maas/core/jobs'
import type { ObjectStore } from '@maas/core/store'
import type { Layout } from './layout.ts'
import { prepareJob } from './prepare.ts'

export interface Transfer {
  readonly job: string
  readonly store: ObjectStore
  /** `s3://bucket`, as channels name it. */
  readonly storeUri: string
  readonly layout: Layout
}

/** Keys below `prefix`, or `prefix` itself when it is one object. */
const keysBelow = async (store: ObjectStore, prefix: string): Promise<string[]> => {
  const keys: string[] = []
  let after: string | undefined
  do {
    const page = await store.list(prefix, after === undefined ? {} : { after })
    keys.push(...page.objects.map(({ key }) => key))
    after = page.next
  } while (after !== undefined)
  return keys
}

const download = async (store: ObjectStore, key: string, path: string): Promise<void> => {
  await mkdir(dirname(path), { recursive: true })
  await pipeline(Readable.from(await store.stream(key), { objectMode: false }), createWriteStream(path))
}

/** One object becomes a file, a prefix becomes a folder; returns the path. */
const fetchChannel = async (
  { store, storeUri, layout }: Transfer,
  { ChannelName: name, DataSource }: TrainingJob['InputDataConfig'][number],
): Promise<string> => {
  const param = `InputDataConfig.${name}`
  const address = DataSource.S3DataSource.S3Uri
  const key = channelKey(address, storeUri, param)
  const folder = join(layout.base, 'data', name)
  if ((await store.head(key.replace(/\/$/, ''))) !== undefined) {
    const path = join(folder, key.split('/').at(-1) ?? 'data')
    await download(store, key, path)
    return path
  }
  const prefix = key.endsWith('/') ? key : `${key}/`
  const keys = (await keysBelow(store, prefix)).filter((found) => !found.endsWith('/'))
  if (keys.length === 0) throw new NotFoundError(`${param}: there is nothing at ${address}`, { param })
  for (const found of keys) await download(store, found, join(folder, found.slice(prefix.length)))
  return folder
}

/** Tells the service where the job is: an empty object, whose time is the store's own. */
export const reportPhase = async ({ job, store }: Transfer, attempt: number, phase: JobPhase): Promise<void> => {
  await store.put(`${jobKeys(job).phases}${String(attempt).padStart(4, '0')}-${phase}`, new Uint8Array())
}

/** Whether an earlier attempt handed in everything before it was taken away. */
export const isComplete = async ({ job, store }: Transfer): Promise<boolean> =>
  (await store.head(jobKeys(job).complete)) !== undefined

/** Fills `input/` and `checkpoints/` of the layout; returns the key below which checkpoints lie. NotFoundError and others say in words what is missing. */
export const fetchJob = async (transfer: Transfer): Promise<string> => {
  const { job, store, layout } = transfer
  const keys = jobKeys(job)
  const { body } = await store.get(keys.spec)
  const document = checked(trainingJobSchema, JSON.parse(new TextDecoder().decode(body)), 'job')
  const checkpoints = checkpointsKey(document, transfer.storeUri)
  const channels: TrainingJob['InputDataConfig'] = []
  for (const channel of document.InputDataConfig) {
    const path = await fetchChannel(transfer, channel)
    const source = { ...channel.DataSource.S3DataSource, S3Uri: `file://${path}` }
    channels.push({ ...channel, DataSource: { S3DataSource: source } })
  }
  for (const key of await keysBelow(store, checkpoints)) {
    await download(store, key, join(layout.checkpoints, key.slice(checkpoints.length)))
  }
  await prepareJob({ ...document, InputDataConfig: channels }, layout.base)
  return checkpoints
}

/** Uploads checkpoints that are newer than at the last call. */
export const checkpointUploader = ({ store, layout }: Transfer, checkpoints: string): (() => Promise<void>) => {
  const seen = new Map<string, number>()
  return async () => {
    for (const name of await readdir(layout.checkpoints).catch((): string[] => [])) {
      const path = join(layout.checkpoints, name)
      const { mtimeMs } = await stat(path)
      if (seen.get(name) === mtimeMs || name.endsWith('.tmp') || name.startsWith('.')) continue
      await store.putStream(`${checkpoints}${name}`, createReadStream(path))
      seen.set(name, mtimeMs)
    }
  }
}

/** Uploads what the job left; the list of its files is written last, so that a candidate is whole or not there. */
export const uploadCandidate = async ({ job, store, layout }: Transfer): Promise<void> => {
  const keys = jobKeys(job)
  const files = await readdir(layout.model)
  for (const file of files) {
    await store.putStream(`${keys.candidate}${file}`, createReadStream(join(layout.model, file)))
  }
  await store.put(keys.complete, new TextEncoder().encode(JSON.stringify({ files })))
}

/** What the job says about its failure, where the service finds it. */
export const uploadFailure = async ({ job, store, layout }: Transfer, fallback: string): Promise<void> => {
  const written = await readFile(layout.failure, 'utf8').catch(() => '')
  await store.put(jobKeys(job).failure, new TextEncoder().encode(written || fallback))
}
