/** Transform jobs in the object store: created once, changed by compare-and-swap, described from what lies there. */
import { isDeepStrictEqual } from 'node:util'
import {
  type TransformDescription,
  type TransformFormat,
  type TransformList,
  type TransformPlan,
  type TransformQuery,
  type TransformRecord,
  type TransformSpec,
  transformIndexPrefix,
  transformKeys,
  transformPlanSchema,
  transformRecordSchema,
  transformSpecSchema,
} from '../contract/index.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import { indexEntry, newestFirst } from '../jobs/newest-first.ts'
import { fromJson, type ObjectStore, readRecord, toJson } from '../store/index.ts'
import { joined, linesIn } from './output.ts'
import { checkFailures, finishedParts, type Part, partsOf } from './parts.ts'

export interface Transforms {
  /**
   * Writes the job down; the same request again gives the same job, `created` false, with the version it had then.
   * ConflictError when the name belongs to a job with another document.
   */
  create(spec: TransformSpec): Promise<{ readonly record: TransformRecord; readonly created: boolean }>
  /** NotFoundError when there is no such job. */
  record(name: string): Promise<TransformRecord>
  spec(name: string): Promise<TransformSpec>
  /** Adds to the record what `by` makes of it; nothing when that is undefined. Resolves with the record as it is then. */
  change(name: string, by: (record: TransformRecord) => Partial<TransformRecord> | undefined): Promise<TransformRecord>
  describe(name: string): Promise<TransformDescription>
  list(query: TransformQuery): Promise<TransformList>
  /** Names of all, newest first. */
  names(): AsyncIterable<string>
  /** Joins the parts and says that the job is completed; repeating it changes nothing. Fails when a part is missing. */
  finish(name: string): Promise<void>
  /** What is there, in order: all of a completed job's lines. */
  output(name: string): Promise<{ readonly format: TransformFormat; readonly content: AsyncIterable<Uint8Array> }>
}

/** Failed inputs that a description shows. */
const mostShown = 20
/** Jobs that one list request looks into. */
const mostLookedInto = 500

export const statusOf = ({ end, stopAt }: TransformRecord): TransformDescription['TransformJobStatus'] =>
  end?.outcome ?? (stopAt === undefined ? 'InProgress' : 'Stopping')

export const createTransforms = ({
  store,
  clock,
}: {
  readonly store: ObjectStore
  /** Milliseconds since 1970. */
  readonly clock: () => number
}): Transforms => {
  const now = () => new Date(clock()).toISOString()
  const missing = (name: string) =>
    new NotFoundError(`There is no transform job "${name}". GET /transform-jobs lists them.`, {
      param: 'TransformJobName',
    })
  const read = async (name: string) => {
    const key = transformKeys(name).record
    try {
      const { body, info } = await store.get(key)
      return { record: fromJson(transformRecordSchema, body, key), etag: info.etag }
    } catch (error) {
      throw error instanceof NotFoundError ? missing(name) : error
    }
  }
  const record = async (name: string) => (await read(name)).record
  const spec = async (name: string): Promise<TransformSpec> => {
    const found = await readRecord(store, transformKeys(name).spec, transformSpecSchema)
    if (found === undefined) throw missing(name)
    return found
  }
  const planOf = (name: string): Promise<TransformPlan | undefined> =>
    readRecord(store, transformKeys(name).plan, transformPlanSchema)

  const change: Transforms['change'] = async (name, by) => {
    for (;;) {
      const { record, etag } = await read(name)
      const changes = by(record)
      if (changes === undefined) return record
      const changed = { ...record, ...changes }
      try {
        await store.put(transformKeys(name).record, toJson(changed), { ifMatch: etag })
        return changed
      } catch (error) {
        // Somebody wrote meanwhile: change what they wrote.
        if (!(error instanceof ConflictError)) throw error
      }
    }
  }

  const failuresIn = async (parts: readonly Part[]): Promise<TransformDescription['Failures']> => {
    const failures: TransformDescription['Failures'] = []
    for (const { key, failed } of parts) {
      if (failed === 0) continue
      if (failures.length >= mostShown) break
      const lines = linesIn((await store.get(key)).body, key)
      failures.push(...lines.flatMap(({ id, error }) => (error === undefined ? [] : [{ id, error }])))
    }
    return failures.slice(0, mostShown)
  }

  const summaryOf = ({ request }: TransformSpec, record: TransformRecord) => ({
    TransformJobName: record.name,
    TransformJobStatus: statusOf(record),
    ModelName: request.ModelName,
    CreationTime: record.createdAt,
    ...(record.end && { TransformEndTime: record.end.at }),
    ...(record.end?.reason !== undefined && { FailureReason: record.end.reason }),
  })

  return {
    record,
    spec,
    change,

    create: async (given) => {
      const name = given.request.TransformJobName
      const keys = transformKeys(name)
      let created = true
      try {
        await store.put(keys.spec, toJson(given), { ifAbsent: true })
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        created = false
      }
      if (!created && !isDeepStrictEqual((await spec(name)).request, transformSpecSchema.parse(given).request)) {
        throw new ConflictError(
          `There is a transform job "${name}" already, with another document. Names are used once: choose another.`,
          { param: 'TransformJobName' },
        )
      }
      // Whoever was interrupted between these steps finds here what is missing.
      const createdAt = (await store.head(keys.spec))?.modifiedAt.getTime() ?? clock()
      await store.put(`${transformIndexPrefix}${indexEntry(name, createdAt)}`, new Uint8Array())
      const fresh: TransformRecord = { schema: 1, name, createdAt: new Date(createdAt).toISOString() }
      try {
        await store.put(keys.record, toJson(fresh), { ifAbsent: true })
        return { record: fresh, created }
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        return { record: await record(name), created }
      }
    },

    describe: async (name) => {
      const [given, found, plan, parts] = await Promise.all([
        spec(name),
        record(name),
        planOf(name),
        finishedParts(store, name),
      ])
      const sum = (of: 'inputs' | 'failed') => parts.reduce((total, part) => total + part[of], 0)
      return {
        ...given.request,
        ...summaryOf(given, found),
        ModelVersion: given.model.version,
        ...(found.startedAt !== undefined && { TransformStartTime: found.startedAt }),
        ...(plan && {
          Progress: {
            Inputs: plan.inputs,
            Done: sum('inputs'),
            Failed: sum('failed'),
            Parts: partsOf(plan),
            PartsDone: parts.length,
          },
        }),
        Failures: await failuresIn(parts),
      }
    },

    names: async function* () {
      for await (const { name } of newestFirst(store, transformIndexPrefix)) yield name
    },

    list: async ({ StatusEquals, NameContains, MaxResults, NextToken }) => {
      const summaries: TransformList['TransformJobSummaries'] = []
      let [looked, last] = [0, NextToken]
      for await (const { name, entry } of newestFirst(store, transformIndexPrefix)) {
        if (NextToken !== undefined && entry <= NextToken) continue
        if (summaries.length === MaxResults || looked === mostLookedInto) {
          return { TransformJobSummaries: summaries, ...(last !== undefined && { NextToken: last }) }
        }
        last = entry
        if (NameContains !== undefined && !name.includes(NameContains)) continue
        looked++
        const summary = await Promise.all([spec(name), record(name)])
          .then(([given, found]) => summaryOf(given, found))
          .catch((error: unknown) => {
            // Older than the deployment keeps jobs; its entry in the index is not gone yet.
            if (error instanceof NotFoundError) return undefined
            throw error
          })
        if (summary && (StatusEquals ?? summary.TransformJobStatus) === summary.TransformJobStatus)
          summaries.push(summary)
      }
      return { TransformJobSummaries: summaries }
    },

    finish: async (name) => {
      const [{ request }, plan, parts] = await Promise.all([spec(name), planOf(name), finishedParts(store, name)])
      const { Accept: format } = request.TransformOutput
      checkFailures(
        parts.reduce((sum, { failed }) => sum + failed, 0),
        request.MaxFailedInputs,
      )
      const whole = { parts: plan === undefined ? Number.NaN : partsOf(plan) }
      await store.putStream(transformKeys(name).output(format), joined(store, parts, format, whole))
      await change(name, ({ end }) => (end === undefined ? { end: { at: now(), outcome: 'Completed' } } : undefined))
    },

    output: async (name) => {
      const { request } = await spec(name)
      const { Accept: format } = request.TransformOutput
      return { format, content: joined(store, await finishedParts(store, name), format) }
    },
  }
}
