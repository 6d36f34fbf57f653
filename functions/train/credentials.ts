/** A training job's credentials on AWS: lent for an hour against its token, for its own folder alone, and asked for again before they end. */
import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda'
import { MaasError, messageOf } from '@maas/core/errors'
import * as z from 'zod'
import type { Lender } from './environment.ts'

const lentSchema = z.object({
  accessKeyId: z.string().min(1),
  secretAccessKey: z.string().min(1),
  sessionToken: z.string().min(1),
  expiration: z.iso.datetime().transform((text) => new Date(text)),
})
export type Lent = z.infer<typeof lentSchema>

/** What a Lambda answers when its handler threw. */
const failureSchema = z.object({ errorMessage: z.string() })

/** For a client of the AWS SDK, which keeps the answer until shortly before `expiration`. Rejects with MaasError `forbidden`. */
export const borrowedCredentials =
  (client: Pick<LambdaClient, 'send'>, job: string, { functionArn, token }: Lender): (() => Promise<Lent>) =>
  async () => {
    const Payload = Buffer.from(JSON.stringify({ job, token }))
    const refuse = (why: string, cause?: unknown): never => {
      throw new MaasError('forbidden', `The job got no credentials for its store from ${functionArn}: ${why}`, {
        cause,
      })
    }
    const reply = await client
      .send(new InvokeCommand({ FunctionName: functionArn, Payload }))
      .catch((error: unknown) => refuse(messageOf(error), error))
    const answer: unknown = JSON.parse(Buffer.from(reply.Payload ?? []).toString() || 'null')
    if (reply.FunctionError !== undefined) {
      const failure = failureSchema.safeParse(answer)
      return refuse(failure.success ? failure.data.errorMessage : reply.FunctionError)
    }
    const lent = lentSchema.safeParse(answer)
    // Without what it held: that may be a secret.
    return lent.success ? lent.data : refuse('its answer holds none')
  }
