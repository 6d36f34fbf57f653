/** Entry of the events Lambda: EventBridge brings Batch's state changes, check's verdicts and alarms, Step Functions asks to finish a job. */
import { randomBytes } from 'node:crypto'
import { BatchClient } from '@aws-sdk/client-batch'
import { checked, jobNameSchema } from '@maas/core/contract'
import { replayFirst } from '@maas/core/imports'
import { createGrants, createJobs, sessionPolicy } from '@maas/core/jobs'
import { terminateJob } from '@maas/core/jobs/batch'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import { createTelemetry, observed } from '@maas/core/telemetry'
import { createTransforms } from '@maas/core/transform'
import * as z from 'zod'
import { alarmChangeSchema, followAlarm } from './alarms.ts'
import { readEnvironment } from './environment.ts'
import { type Finished, finishJob } from './finish.ts'
import { followVerdict, objectCreatedSchema } from './imports.ts'
import { jobChangeSchema, recordChange, recordWorkflow, workflowChangeSchema } from './status.ts'
import { recordTransform, transformChangeSchema } from './transforms.ts'

const telemetry = createTelemetry('events')
const { logger } = telemetry
const { store: storeUri, bucket, kernels } = readEnvironment(process.env)
const clock = () => Date.now()
const store = await openStore(storeUri)
const registry = createRegistry(store)
const jobs = createJobs({ store, storeUri, clock })
const grants = createGrants({ store, jobs, clock })
const transforms = createTransforms({ store, clock })
const ensureReplayed = replayFirst({ store, registry, kernels, clock })
const batch = new BatchClient()
const terminate = (id: string) => terminateJob(batch, id)

const eventSchema = z.union([
  jobChangeSchema,
  workflowChangeSchema,
  alarmChangeSchema,
  objectCreatedSchema,
  z.object({ task: z.literal('finish'), job: jobNameSchema }),
  z.object({ task: z.literal('grant'), job: jobNameSchema, seconds: z.number().int().min(1) }),
])

/** Before a job's container is started: a document that no credentials can be made for is refused here, where the job's record hears of it. */
const grant = async (job: string, seconds: number): Promise<{ readonly token: string }> => {
  sessionPolicy(await jobs.document(job), storeUri, bucket)
  return { token: await grants.issue(job, seconds, randomBytes(32)) }
}

const answerTo = async (event: unknown): Promise<Finished | { readonly token: string } | undefined> => {
  const transform = transformChangeSchema.safeParse(event)
  if (transform.success) {
    const { name, end } = await recordTransform(transform.data, { store, transforms, terminate })
    logger.info('transform', { job: name, status: transform.data.detail.status, outcome: end?.outcome })
    return undefined
  }
  const message = checked(eventSchema, event, 'event')
  if ('task' in message) {
    if (message.task === 'grant') return grant(message.job, message.seconds)
    const finished = await finishJob(message.job, { store, registry, jobs, clock, kernels })
    logger.info('finished', { job: message.job, ...finished })
    return finished
  }
  if ('detail-type' in message) {
    logger.info('import', { ...(await followVerdict(message, { store, registry })) })
    return undefined
  }
  if (message.source === 'aws.cloudwatch') {
    logger.info('alarm', {
      alarm: message.detail.alarmName,
      ...(await followAlarm(message, { registry, clock, ensureReplayed })),
    })
    return undefined
  }
  if (message.source === 'aws.states') {
    const changed = await recordWorkflow(message, { store, jobs })
    logger.info('workflow', { job: message.detail.name, status: message.detail.status, changed })
    return undefined
  }
  const changed = await recordChange(message, { store, jobs, terminate })
  logger.info('job', { job: message.detail.jobName, status: message.detail.status, changed })
  return undefined
}

export const handler = observed(telemetry, answerTo)
