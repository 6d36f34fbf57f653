/** What one training job may do with the bucket, as the policy of its AWS session: its own folder and checkpoints, and the data its document names. */
import { jobKeys, type TrainingJob } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import { channelKey, checkpointsKey } from './data-keys.ts'

/** STS takes no longer policy. */
const MOST_CHARACTERS = 2048

/** In a policy `*`, `?` and `${` mean something; in a key they are characters. */
const literally = (key: string): string => key.replace(/[*?$]/g, (character) => `\${${character}}`)

/**
 * Narrows the role that jobs write with, which decides what may be done below these keys. `bucket` is its ARN.
 * InvalidInputError when the addresses of the data are too long for such a policy.
 */
export const sessionPolicy = (job: TrainingJob, storeUri: string, bucket: string): string => {
  const { InputDataConfig, TrainingJobName } = job
  const own = [`${jobKeys(TrainingJobName).folder}*`, `${literally(checkpointsKey(job, storeUri))}*`]
  const keys = InputDataConfig.map(({ ChannelName, DataSource: { S3DataSource } }) =>
    literally(channelKey(S3DataSource.S3Uri, storeUri, `InputDataConfig.${ChannelName}`).replace(/\/$/, '')),
  )
  // An object of that name, and what lies below it.
  const data = [...new Set(keys)].flatMap((key) => [key, `${key}/*`])
  // S3 asks for the right to list a key before it says that the key is absent. Shorter than `data`, and names only.
  const listed = [...own, ...new Set(keys.map((key) => `${key}*`))]
  const objects = (patterns: readonly string[]): string[] => patterns.map((pattern) => `${bucket}/${pattern}`)
  const allow = (Action: string | string[], Resource: string | string[], rest = {}) => ({
    Effect: 'Allow',
    Action,
    Resource,
    ...rest,
  })
  const policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      allow(['s3:GetObject', 's3:PutObject', 's3:AbortMultipartUpload'], objects(own)),
      allow('s3:GetObject', objects(data)),
      allow('s3:ListBucket', bucket, { Condition: { StringLike: { 's3:prefix': listed } } }),
      // The role names the one key; here there is nothing to narrow.
      allow(['kms:Decrypt', 'kms:GenerateDataKey'], '*'),
    ],
  })
  if (policy.length > MOST_CHARACTERS)
    throw new InvalidInputError(
      `InputDataConfig: the addresses of the data are too long together: the policy that keeps the job to them has ${policy.length} characters, AWS takes ${MOST_CHARACTERS}. Use shorter keys, or one archive that holds all parts.`,
      { param: 'InputDataConfig' },
    )
  return policy
}
