/** SageMaker's JSON 1.1 wire form over the same actions: one address, the operation in a header, times as seconds. */

import { checked, type JobQuery, jobNameSchema, jobQuerySchema } from '@maas/core/contract'
import { ConflictError, InvalidInputError, UnsupportedError } from '@maas/core/errors'
import { type Call, type Handler, parseJson, type Reply } from '@maas/core/http'
import * as z from 'zod'
import type { JobActions } from './jobs.ts'

const namedSchema = z.strictObject({ TrainingJobName: jobNameSchema })

/** Filters that SageMaker knows and we do not are refused by the schema, by name. */
const actionsOf = (actions: JobActions): Readonly<Record<string, (body: unknown) => Promise<unknown>>> => ({
  CreateTrainingJob: async (body) => {
    const { job, created, waiting } = await actions.create(body)
    // Unlike ours, its clients expect a name to be refused the second time, whatever the document.
    if (!created && !waiting)
      throw new ConflictError(`There is a training job "${job.TrainingJobName}" already. Names are used once.`)
    return { TrainingJobArn: job.TrainingJobArn }
  },
  DescribeTrainingJob: async (body) => actions.describe(checked(namedSchema, body, 'body').TrainingJobName),
  ListTrainingJobs: async (body) => actions.list(checked<JobQuery>(jobQuerySchema, body, 'body')),
  StopTrainingJob: async (body) => {
    await actions.stop(checked(namedSchema, body, 'body').TrainingJobName)
    return {}
  },
})

const timeFields = new Set([
  ...['CreationTime', 'LastModifiedTime', 'TrainingStartTime', 'TrainingEndTime', 'StartTime', 'EndTime', 'Timestamp'],
])

/** Seconds since 1970 in place of ISO 8601. */
const toWire = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(toWire)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      timeFields.has(key) && typeof inner === 'string' ? Date.parse(inner) / 1000 : toWire(inner),
    ]),
  )
}

export const sagemakerHandler = (actions: JobActions): Handler => {
  const known = actionsOf(actions)
  return async ({ headers, bytes, contentType }: Call): Promise<Reply> => {
    contentType()
    const target = headers.get('x-amz-target') ?? ''
    const name = /^SageMaker\.(\w+)$/.exec(target)?.[1] ?? ''
    const action = Object.hasOwn(known, name) ? known[name] : undefined
    if (action === undefined)
      throw new UnsupportedError(
        `x-amz-target: got ${JSON.stringify(target.slice(0, 100))}; this service knows ${Object.keys(known).join(', ')}, each behind "SageMaker.".`,
      )
    const body = parseJson(await bytes())
    if (typeof body !== 'object' || body === null) throw new InvalidInputError('The body must be a JSON object.')
    return { json: toWire(await action(body)) }
  }
}
