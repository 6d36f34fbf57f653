/** Where in the store a job's data and checkpoints lie, as its document names them. */
import { dataPrefixes, jobKeys, storeKeyOf, type TrainingJob } from '../contract/index.ts'
import { MaasError } from '../errors.ts'

/** A channel's address to the key below which its data lies; data outside the service's own prefixes is refused. */
export const channelKey = (address: string, storeUri: string, param: string): string => {
  const key = storeKeyOf(address, storeUri, dataPrefixes)
  if (key !== undefined) return key
  const allowed = dataPrefixes.map((prefix) => `${storeUri}/${prefix}`).join(' and ')
  throw new MaasError('forbidden', `${param}: got ${address}; data is read from below ${allowed}`, { param })
}

/** Ends in `/`. A folder of checkpoints that the document names is shared with every job that names it. */
export const checkpointsKey = (
  { CheckpointConfig, TrainingJobName }: Pick<TrainingJob, 'CheckpointConfig' | 'TrainingJobName'>,
  storeUri: string,
): string => {
  if (CheckpointConfig === undefined) return jobKeys(TrainingJobName).checkpoints
  const key = storeKeyOf(CheckpointConfig.S3Uri, storeUri, ['checkpoints/'])
  if (key !== undefined) return key.endsWith('/') ? key : `${key}/`
  throw new MaasError(
    'forbidden',
    `CheckpointConfig.S3Uri: got ${CheckpointConfig.S3Uri}; checkpoints lie below ${storeUri}/checkpoints/`,
    { param: 'CheckpointConfig.S3Uri' },
  )
}
