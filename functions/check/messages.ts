/** What SQS brings: events of the bucket, each a task; those that failed for a passing reason are named, so that they alone come again. */
import { describeReplay } from '@maas/core/certificate'
import { NotFoundError } from '@maas/core/errors'
import { checkTaskOf } from '@maas/core/imports'
import { readRecord } from '@maas/core/store'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import * as z from 'zod'
import { sweep } from './sweep.ts'
import { type CheckDeps, checkImport, verifyVersion } from './task.ts'

const eventSchema = z.object({
  detail: z.object({ bucket: z.object({ name: z.string() }), object: z.object({ key: z.string() }) }),
})

/** What the schedule sends. */
const sweepSchema = z.strictObject({ task: z.literal('sweep') })
/** The last replay that begins within it may take ten minutes, and the function has fourteen. */
const sweepMs = 180_000

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

/** What time is too short for is left to the next message. */
const sweepAll = async (deps: MessageDeps): Promise<void> => {
  const end = deps.now().getTime() + sweepMs
  const swept = await sweep({
    registry: deps.registry,
    kernels: deps.kernels,
    goOn: () => deps.now().getTime() < end,
    verify: (version) => verifyVersion(version, deps),
    tell: (model, outcome) => {
      if (outcome instanceof Error)
        deps.log('error', 'a certificate was not replayed', { model, error: outcome.message })
      else deps.log(outcome.passed ? 'info' : 'error', describeReplay(outcome), { model })
    },
  })
  deps.log('info', 'swept', { ...swept })
}

const take = async (body: string, deps: MessageDeps): Promise<void> => {
  const message = JSON.parse(body)
  if (sweepSchema.safeParse(message).success) return sweepAll(deps)
  const { bucket, object } = eventSchema.parse(message).detail
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
