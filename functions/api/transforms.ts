/** Transform jobs over HTTP: created, listed, looked at, stopped, read. Who runs them is somebody else's part. */
import { Readable } from 'node:stream'
import {
  type JobSettings,
  parseReference,
  readTransformRequest,
  type TransformOperation,
  type TransformQuery,
  type TransformRecord,
  transformQuerySchema,
} from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import type { Handler } from '@maas/core/http'
import type { Registry } from '@maas/core/registry'
import type { TransformRunner, Transforms } from '@maas/core/transform'
import * as z from 'zod'

export interface TransformDependencies {
  readonly transforms: Transforms
  readonly runner: TransformRunner
  readonly settings: Pick<JobSettings, 'storeUri'>
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export const transformHandlers = (
  registry: Pick<Registry, 'resolve'>,
  { transforms, runner, settings, clock }: TransformDependencies,
): Record<TransformOperation, Handler> => {
  const isKnown = (name: string): Promise<boolean> =>
    transforms.record(name).then(
      () => true,
      (error: { code?: unknown }) => {
        if (error.code === 'not_found') return false
        throw error
      },
    )
  const isOpen = ({ end, stopAt }: TransformRecord): boolean => end === undefined && stopAt === undefined

  return {
    createTransformJob: async ({ json }) => {
      const request = readTransformRequest(await json(z.record(z.string(), z.unknown())), settings)
      const reference = parseReference(request.ModelName)
      const version = await registry.resolve(reference)
      if (!(await isKnown(request.TransformJobName))) await runner.admit()
      const { record, created } = await transforms.create({ request, model: { name: reference.name, version } })
      // Also for a job that is there already: its start may have failed. The version is that of its first request.
      if (isOpen(record)) await runner.start(await transforms.spec(record.name))
      return { status: created ? 201 : 200, json: await transforms.describe(record.name) }
    },
    listTransformJobs: async ({ query }) => ({
      json: await transforms.list(query<TransformQuery>(transformQuerySchema)),
    }),
    describeTransformJob: async ({ params: { job = '' } }) => ({ json: await transforms.describe(job) }),
    stopTransformJob: async ({ params: { job = '' } }) => {
      const { end } = await transforms.record(job)
      if (end !== undefined) {
        throw new InvalidInputError(`${job} cannot be stopped: it is ${end.outcome} already.`, {
          param: 'TransformJobName',
        })
      }
      const stopAt = new Date(clock()).toISOString()
      await runner.stop(await transforms.change(job, (record) => (isOpen(record) ? { stopAt } : undefined)))
      return { status: 202, json: await transforms.describe(job) }
    },
    readTransformOutput: async ({ params: { job = '' } }) => {
      await transforms.record(job)
      const { format, content } = await transforms.output(job)
      return {
        headers: {
          'content-type': format,
          // What strangers' file names say must not run in a browser that opens the address.
          'content-disposition': `attachment; filename="${job}.${format === 'text/csv' ? 'csv' : 'jsonl'}"`,
        },
        stream: Readable.toWeb(Readable.from(content, { objectMode: false })) as ReadableStream<Uint8Array>,
      }
    },
  }
}
