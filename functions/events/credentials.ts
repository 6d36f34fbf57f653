/** Lends a training job's container credentials that reach its own folder and data and nothing else, against the job's token. */
import { jobNameSchema } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import { type Grants, type Jobs, sessionPolicy } from '@maas/core/jobs'
import * as z from 'zod'

const loanSchema = z.strictObject({ job: jobNameSchema, token: z.string().min(1).max(200) })

export interface Lent {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly sessionToken: string
  /** ISO 8601. */
  readonly expiration: string
}

export interface LendDeps {
  readonly grants: Pick<Grants, 'check'>
  readonly jobs: Pick<Jobs, 'document'>
  /** How documents name the store: `s3://bucket`. */
  readonly storeUri: string
  /** ARN of the bucket. */
  readonly bucket: string
  /** Of the role that jobs write with, narrowed by this policy; `session` is the name that AWS' own logs show. */
  readonly assume: (session: string, policy: string) => Promise<Lent>
}

/** MaasError `forbidden` for a token that does not speak for the job. */
export const lendCredentials = async (event: unknown, deps: LendDeps): Promise<Lent> => {
  const asked = loanSchema.safeParse(event)
  // Without what was got: that may be a token.
  if (!asked.success) throw new InvalidInputError('A training job asks with its name and its token: { job, token }.')
  const { job, token } = asked.data
  await deps.grants.check(job, token)
  const policy = sessionPolicy(await deps.jobs.document(job), deps.storeUri, deps.bucket)
  // A session's name has 2 to 64 characters, a job's 1 to 63.
  return deps.assume(`job-${job}`.slice(0, 64), policy)
}
