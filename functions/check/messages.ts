/** What SQS brings: events of the bucket, each a task; those that failed for a passing reason are named, so that they alone come again. */
import { NotFoundError } from '@maas/core/errors'
import { checkTaskOf } from '@maas/core/imports'
import { readRecord } from '@maas/core/store'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { z } from 'zod'
import { type CheckDeps, checkImport, verifyVersion } from './task.ts'

const eventSchema = z.object({
  detail: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
})

const verifySchema = z.object({ schema: z.literal(1), name: z.string(), version: z.number().int() })

export interface MessageDeps extends CheckDeps {
  /** Events of other buckets are none of ours. */
  readonly bucket: string
  readonly log: (level: 'info' | 'error', message: string, fields: Record<string, unknown>) => void
}

/** One message after the other: a check takes all of the function's memory. */
export const takeMessages = async ({ Records }: SQSEvent, deps: MessageDeps): Promise<SQSBatchResponse> => {
  const failed: SQSBatchResponse['batchItemFailures'] = []
  for (const { body, messageId } of Records) {
    try {
      await take(body, deps)
    } catch (error) {
      deps.log('error', 'a check failed and is tried again', {
        message_id: messageId,
        error: error instanceof Error ? error.message : String(error),
      })
      failed.push({ itemIdentifier: messageId })
    }
  }
  return { batchItemFailures: failed }
}

const take = async (body: string, deps: MessageDeps): Promise<void> => {
  const { bucket, object } = eventSchema.parse(JSON.parse(body)).detail
  const task = bucket.name === deps.bucket ? checkTaskOf(object.key) : undefined
  if (task === undefined) return deps.log('info', 'not a task', { key: object.key })
  try {
    if ('import' in task) {
      const { error } = await checkImport(task.import, deps)
      deps.log('info', 'checked', { import: task.import, ...(error && { refused: error.message }) })
      return
    }
    const wanted = await readRecord(deps.store, task.verify, verifySchema)
    if (wanted === undefined) return
    const { passed } = await verifyVersion(wanted, deps)
    deps.log('info', 'verified', { model: wanted.name, version: wanted.version, passed })
  } catch (error) {
    // Deleted meanwhile, or without a certificate: coming again would not help.
    if (!(error instanceof NotFoundError)) throw error
    deps.log('info', 'nothing to check', { key: object.key, reason: error.message })
  }
}
