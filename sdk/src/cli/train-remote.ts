/** The remote half of `maas train`: data up, a job of the service, its events down. */
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { Maas } from '../client.ts'
import { announce } from '../uploads/send.ts'
import { followJob, printEnd } from './commands/jobs.ts'
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

/** Named by its content: what was sent before is not sent again. */
const sendData = async (flag: string, file: string, { uploads }: Maas, output: Output): Promise<string> => {
  if (statSync(file).isDirectory())
    throw new UsageError(flag, `${file} is a folder; a service takes files. Pack it first: zip -qr data.zip ${file}`)
  const { sha256 } = await announce(file)
  const bar = createBar(output)
  try {
    const { key } = await uploads.send(file, `${sha256.slice(0, 16)}/${basename(file)}`, {
      onProgress: (done: number, total: number) =>
        bar.show('sending', done, total, `${formatBytes(done)} of ${formatBytes(total)}`),
    })
    return key
  } finally {
    bar.clear()
  }
}

/** `document` names files of this machine; they are sent and named as the service knows them. */
export const trainRemotely = async (
  document: Readonly<Record<string, unknown>>,
  channels: readonly { readonly name: string; readonly flag: string; readonly file: string }[],
  { url, apiKey, detach, spot, instanceType }: RemoteTraining,
  output: Output,
): Promise<void> => {
  if (url === undefined)
    throw new UsageError('--remote', 'say which service is to train: --url, MAAS_URL, or npx maas login')
  const maas = new Maas({ url, apiKey })
  const InputDataConfig = []
  for (const { name, flag, file } of channels) {
    const S3Uri = await sendData(flag, file, maas, output)
    InputDataConfig.push({ ChannelName: name, DataSource: { S3DataSource: { S3Uri } } })
  }
  const { OutputDataConfig: _, ...rest } = document
  const job = await maas.jobs.create({
    ...{ ...rest, InputDataConfig, EnableManagedSpotTraining: spot ?? false },
    ...(instanceType !== undefined && { ResourceConfig: { InstanceType: instanceType } }),
  })
  const name = job.TrainingJobName
  output.line(`job    ${name}`)
  if (detach) {
    output.data({ event: 'created', job: name })
    output.line(`It trains at ${url}. Follow it with: npx maas jobs events ${name}`)
    return
  }
  const ended = await followJob(name, maas, output)
  if (ended === undefined) return
  output.data({ event: 'done', job: ended })
  printEnd(ended, output)
  if (ended.TrainingJobStatus !== 'Completed') output.markFailed()
}
