/** Entry of the credentials Lambda, which training jobs ask for what they may do with the bucket; it reads their tokens and assumes their role, and can do nothing else. */
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts'
import { createGrants, createJobs } from '@maas/core/jobs'
import { openStore } from '@maas/core/store'
import { createTelemetry, observed } from '@maas/core/telemetry'
import { type Lent, lendCredentials } from './credentials.ts'
import { readLendingEnvironment } from './environment.ts'

/** AWS gives no longer ones to a role that assumes another. */
const DurationSeconds = 3600

const telemetry = createTelemetry('credentials')
const { store: storeUri, bucket, writer: RoleArn } = readLendingEnvironment(process.env)
const clock = () => Date.now()
const store = await openStore(storeUri)
const jobs = createJobs({ store, storeUri, clock })
const grants = createGrants({ store, jobs, clock })
const sts = new STSClient()

const assume = async (RoleSessionName: string, Policy: string): Promise<Lent> => {
  const { Credentials } = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName, Policy, DurationSeconds }))
  const { AccessKeyId = '', SecretAccessKey = '', SessionToken = '', Expiration } = Credentials ?? {}
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: SessionToken,
    expiration: (Expiration ?? new Date(clock() + DurationSeconds * 1000)).toISOString(),
  }
}

export const handler = observed(telemetry, async (event: unknown): Promise<Lent> => {
  const lent = await lendCredentials(event, { grants, jobs, storeUri, bucket, assume })
  telemetry.logger.info('lent', { job: (event as { job: string }).job, expiration: lent.expiration })
  return lent
})
