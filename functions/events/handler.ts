/** Entry of the events Lambda: EventBridge brings Batch's state changes, Step Functions asks to finish a job. */
import { checked, jobNameSchema } from '@maas/core/contract'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import { createTelemetry, observed } from '@maas/core/telemetry'
import { z } from 'zod'
import { readEnvironment } from './environment.ts'
import { type Finished, finishJob } from './finish.ts'
import { jobChangeSchema, recordChange } from './status.ts'

const telemetry = createTelemetry('events')
const { logger } = telemetry
const store = await openStore(readEnvironment(process.env).store)
const registry = createRegistry(store)

const eventSchema = z.union([jobChangeSchema, z.object({ task: z.literal('finish'), job: jobNameSchema })])

const answerTo = async (event: unknown): Promise<Finished | undefined> => {
  const message = checked(eventSchema, event, 'event')
  if ('task' in message) {
    const finished = await finishJob(message.job, { store, registry })
    logger.info('finished', { job: message.job, ...finished })
    return finished
  }
  const changed = await recordChange(message, store)
  logger.info('job', { job: message.detail.jobName, status: message.detail.status, changed })
  return undefined
}

export const handler = observed(telemetry, answerTo)
