/** The remote half of `maas train`: data up, a job of the service, its events down. */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Maas } from '../client.ts'
import { ConflictError } from '../errors.ts'
import { announce } from '../uploads/send.ts'
import { followJob, printEnd } from './commands/jobs.ts'
import type { jobDocument } from './commands/train.ts'
import { formatBytes } from './format.ts'
import type { Output } from './output.ts'
import { createBar } from './progress.ts'
import { UsageError } from './usage.ts'

export interface RemoteTraining {
  readonly url?: string
  readonly apiKey?: string
  readonly detach?: boolean
  readonly spot?: boolean
  readonly instanceType?: string
}

const packed = (channel: string, file: string): void => {
  if (!statSync(file).isDirectory()) return
  const flag = channel === 'train' ? '--data' : `--${channel}`
  throw new UsageError(
    flag,
    `${file} is a folder, and a service takes files. Pack it first: tar -czf data.tar.gz -C ${file} .`,
  )
}

/** Its name says its content, so that what was sent for one job serves the next; gives its key in the service's store. */
const sendData = async (file: string, { uploads }: Maas, output: Output): Promise<string> => {
  const { size, sha256 } = await announce(file)
  const dataset = `${sha256.slice(0, 16)}/${basename(file)}`
  const bar = createBar(output)
  try {
    const { key } = await uploads.send(file, dataset, {
      onProgress: (done, total) => bar.show('sending', done, total, `${formatBytes(done)} of ${formatBytes(total)}`),
    })
    bar.clear()
    output.line(`data   ${key}, ${formatBytes(size)}`)
    return key
  } catch (error) {
    // Sent so long ago that the service has forgotten the upload, but not the file.
    if (error instanceof ConflictError) return `datasets/${dataset}`
    throw error
  } finally {
    bar.clear()
  }
}

/** `document` names files of this machine; they are sent, and named as the service knows them. */
export const trainRemotely = async (
  { OutputDataConfig: _, ...document }: ReturnType<typeof jobDocument>,
  { url, apiKey, detach, spot = false, instanceType }: RemoteTraining & { readonly url: string },
  output: Output,
): Promise<void> => {
  const channels = document.InputDataConfig.map(({ ChannelName, DataSource }) => ({
    ChannelName,
    file: fileURLToPath(DataSource.S3DataSource.S3Uri),
  }))
  for (const { ChannelName, file } of channels) packed(ChannelName, file)
  const maas = new Maas({ url, apiKey })
  const InputDataConfig = []
  for (const { ChannelName, file } of channels) {
    const S3Uri = await sendData(file, maas, output)
    InputDataConfig.push({ ChannelName, DataSource: { S3DataSource: { S3Uri } } })
  }
  const { TrainingJobName: name } = await maas.jobs.create({
    ...document,
    InputDataConfig,
    EnableManagedSpotTraining: spot,
    ...(instanceType !== undefined && { ResourceConfig: { InstanceType: instanceType } }),
  })
  output.data({ event: 'created', job: name })
  output.line(`job    ${name}`)
  if (detach) return output.line(`It trains at ${url}. Follow it with: npx maas jobs events ${name}`)
  const ended = await followJob(name, maas, output)
  if (ended === undefined) return
  printEnd(ended, output)
  if (ended.TrainingJobStatus !== 'Completed') output.markFailed()
}
