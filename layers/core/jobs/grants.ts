/** Tokens by which a job's container on AWS proves which job it is: random, kept as their hash, good until the job or their time is over. */
import { createHash } from 'node:crypto'
import * as z from 'zod'
import { jobKeys } from '../contract/index.ts'
import { MaasError } from '../errors.ts'
import { type ObjectStore, readRecord, toJson } from '../store/index.ts'
import type { Jobs } from './jobs.ts'
import { endOf } from './record.ts'

export interface GrantsDependencies {
  readonly store: ObjectStore
  readonly jobs: Pick<Jobs, 'record'>
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export interface Grants {
  /** A token for this job and no other; `random` is 32 bytes of the system's generator. It is in the answer and nowhere else. */
  issue(job: string, seconds: number, random: Uint8Array): Promise<string>
  /** MaasError `forbidden` says why a token does not speak for the job. */
  check(job: string, token: string): Promise<void>
}

const grantSchema = z.object({ schema: z.literal(1), expires: z.iso.datetime() })

/** One object a token, so that a token issued twice for a job that was started twice leaves both good. */
const keyOf = (job: string, token: string): string =>
  `${jobKeys(job).grants}${createHash('sha256').update(token).digest('hex')}.json`

export const createGrants = ({ store, jobs, clock }: GrantsDependencies): Grants => ({
  issue: async (job, seconds, random) => {
    const token = Buffer.from(random).toString('base64url')
    const expires = new Date(clock() + seconds * 1000).toISOString()
    await store.put(keyOf(job, token), toJson({ schema: 1, expires }), { ifAbsent: true })
    return token
  },

  check: async (job, token) => {
    const refuse = (why: string): never => {
      throw new MaasError('forbidden', `No credentials for the training job "${job}": ${why}.`)
    }
    const grant = await readRecord(store, keyOf(job, token), grantSchema)
    if (grant === undefined) return refuse('the token is not one of this job')
    if (Date.parse(grant.expires) <= clock()) return refuse(`the token ended at ${grant.expires}`)
    const end = endOf(await jobs.record(job))
    if (end !== undefined) return refuse(`it is ${end.outcome} since ${end.at}`)
  },
})
