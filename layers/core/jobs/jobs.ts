/** Training jobs in the object store: created once, changed by facts, listed newest first. */
import { isDeepStrictEqual } from 'node:util'
import {
  type JobDescription,
  type JobEvents,
  type JobFact,
  type JobList,
  type JobLog,
  type JobLogQuery,
  type JobQuery,
  type JobRecord,
  jobIndexPrefix,
  jobKeys,
  jobPhases,
  jobRecordSchema,
  type TrainingJob,
  trainingEventSchema,
  trainingJobSchema,
} from '../contract/index.ts'
import { ConflictError, NotFoundError } from '../errors.ts'
import type { ObjectInfo, ObjectStore } from '../store/index.ts'
import { describeJob, summaryOf } from './describe.ts'
import { bytesOf, parseObject } from './json.ts'
import { readLog } from './log.ts'
import { type Indexed, indexEntry, newestFirst, parseEntry } from './newest-first.ts'
import type { Prices } from './price.ts'
import { endOf, withFacts } from './record.ts'

export interface JobsDependencies {
  readonly store: ObjectStore
  /** How documents name the store: `s3://bucket`. */
  readonly storeUri: string
  readonly prices?: Prices | undefined
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

export interface Jobs {
  /**
   * Writes the job down; the same document again gives the same job, `created` false.
   * ConflictError when the name belongs to a job with another document.
   */
  create(document: TrainingJob): Promise<{ readonly record: JobRecord; readonly created: boolean }>
  /** Whether the record did not know it yet. NotFoundError when there is no such job. */
  add(name: string, ...facts: readonly JobFact[]): Promise<boolean>
  has(name: string): Promise<boolean>
  record(name: string): Promise<JobRecord>
  document(name: string): Promise<TrainingJob>
  describe(name: string): Promise<JobDescription>
  list(query: JobQuery): Promise<JobList>
  /** Names of all jobs, newest first. */
  names(): AsyncIterable<string>
  log(name: string, query: JobLogQuery): Promise<JobLog>
  events(name: string, query: JobLogQuery): Promise<JobEvents>
}

/** Jobs that one list request looks into; a page may end early, with a token to go on. */
const MOST_LOOKED_INTO = 500
/** Reads of records at once. */
const AT_ONCE = 16

const noJob = (name: string): NotFoundError =>
  new NotFoundError(`There is no training job "${name}". GET /training-jobs lists them.`, { param: 'TrainingJobName' })

export const createJobs = ({ store, storeUri, prices, clock }: JobsDependencies): Jobs => {
  const read = async (key: string, name: string) => {
    try {
      return await store.get(key)
    } catch (error) {
      throw error instanceof NotFoundError ? noJob(name) : error
    }
  }

  const readRecord = async (name: string): Promise<{ record: JobRecord; info: ObjectInfo }> => {
    const key = jobKeys(name).status
    const { body, info } = await read(key, name)
    return { record: parseObject(jobRecordSchema, body, key), info }
  }

  const document = async (name: string): Promise<TrainingJob> => {
    const key = jobKeys(name).spec
    return parseObject(trainingJobSchema, (await read(key, name)).body, key)
  }

  /** The container's word, in the times at which the store took it. */
  const reported = async (name: string): Promise<JobFact[]> => {
    const { phases } = jobKeys(name)
    const { objects } = await store.list(phases)
    return objects.flatMap(({ key, modifiedAt }) => {
      const [, digits = '', word = ''] = /^(\d{4})-(\w+)$/.exec(key.slice(phases.length)) ?? []
      const phase = jobPhases.find((each) => each === word)
      return phase === undefined
        ? []
        : [{ kind: 'phase', at: modifiedAt.toISOString(), attempt: Number(digits), phase }]
    })
  }

  const describe = async (name: string): Promise<JobDescription> => {
    const [spec, { record }, phases] = await Promise.all([document(name), readRecord(name), reported(name)])
    return describeJob(spec, record, phases, { storeUri, prices, now: clock() })
  }

  const indexed = () => newestFirst(store, jobIndexPrefix)

  const isOver = async (name: string): Promise<boolean> => endOf((await readRecord(name)).record) !== undefined

  return {
    document,
    describe,
    has: async (name) => (await store.head(jobKeys(name).status)) !== undefined,
    record: async (name) => (await readRecord(name)).record,

    create: async (job) => {
      const name = job.TrainingJobName
      const keys = jobKeys(name)
      const body = bytesOf(job)
      const sent = parseObject(trainingJobSchema, body, keys.spec)
      let created = true
      try {
        await store.put(keys.spec, body, { ifAbsent: true })
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        created = false
      }
      if (!created && !isDeepStrictEqual(await document(name), sent))
        throw new ConflictError(
          `There is a training job "${name}" already, with another document. Names are used once: choose another.`,
          { param: 'TrainingJobName' },
        )
      // Whoever was interrupted between these steps finds here what is missing.
      const createdAt = (await store.head(keys.spec))?.modifiedAt.getTime() ?? clock()
      const record: JobRecord = { schema: 1, name, createdAt: new Date(createdAt).toISOString(), facts: [] }
      await store.put(`${jobIndexPrefix}${indexEntry(name, createdAt)}`, new Uint8Array())
      try {
        await store.put(keys.status, bytesOf(record), { ifAbsent: true })
        return { record, created }
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error
        return { record: (await readRecord(name)).record, created }
      }
    },

    add: async (name, ...facts) => {
      for (;;) {
        const { record, info } = await readRecord(name)
        const changed = withFacts(record, facts)
        if (changed === undefined) return false
        try {
          await store.put(jobKeys(name).status, bytesOf(changed), { ifMatch: info.etag })
          return true
        } catch (error) {
          // Somebody wrote meanwhile: add to what they wrote.
          if (!(error instanceof ConflictError)) throw error
        }
      }
    },

    names: async function* () {
      for await (const { name } of indexed()) yield name
    },

    list: async (query) => {
      const all: Indexed[] = []
      for await (const each of indexed()) all.push(each)
      const chosen = sortJobs(all, query)
        .filter(({ name }) => query.NameContains === undefined || name.includes(query.NameContains))
        .filter(({ createdAt }) => createdAt > (query.CreationTimeAfter ?? -1))
        .filter(({ createdAt }) => createdAt < (query.CreationTimeBefore ?? Number.POSITIVE_INFINITY))
      const from = query.NextToken === undefined ? 0 : placeOf(chosen, query)
      const found: JobDescription[] = []
      let at = from
      while (at < chosen.length && at - from < MOST_LOOKED_INTO && found.length < query.MaxResults) {
        const batch = chosen.slice(at, at + Math.min(AT_ONCE, MOST_LOOKED_INTO))
        const described = await Promise.all(batch.map(({ name }) => describe(name).catch(goneIsUndefined)))
        for (const job of described) {
          if (found.length === query.MaxResults) break
          at += 1
          if (job && (query.StatusEquals ?? job.TrainingJobStatus) === job.TrainingJobStatus) found.push(job)
        }
      }
      const last = chosen[at - 1]
      return {
        TrainingJobSummaries: found.map(summaryOf),
        ...(at < chosen.length && last !== undefined && { NextToken: last.entry }),
      }
    },

    // Asked before the log is read: what comes in between is in the log already.
    log: async (name, query) => {
      const over = await isOver(name)
      const page = await readLog(store, name, query)
      return { ...page, done: over && page.lines.length < query.limit }
    },

    events: async (name, query) => {
      const over = await isOver(name)
      const { lines, next } = await readLog(store, name, query)
      return {
        events: lines.flatMap(({ id, text }) => {
          const data = eventIn(text)
          return data === undefined ? [] : [{ id, attempt: Number(id.slice(0, 4)), data }]
        }),
        ...(next !== undefined && { next }),
        done: over && lines.length < query.limit,
      }
    },
  }
}

const goneIsUndefined = (error: unknown): undefined => {
  // Its folder is older than the deployment keeps jobs, its entry in the index not yet.
  if (error instanceof NotFoundError) return undefined
  throw error
}

const sortJobs = (all: readonly Indexed[], { SortBy, SortOrder }: JobQuery): readonly Indexed[] => {
  const sorted = SortBy === 'Name' ? all.toSorted((a, b) => (a.name < b.name ? -1 : 1)) : all.toReversed()
  return SortOrder === 'Ascending' ? sorted : sorted.toReversed()
}

/** Behind the job that the token names, or where it would be. */
const placeOf = (chosen: readonly Indexed[], query: JobQuery): number => {
  const token = parseEntry(query.NextToken ?? '')
  const known = chosen.findIndex(({ entry }) => entry === token.entry)
  if (known >= 0) return known + 1
  const next = sortJobs(
    [...chosen, token].toSorted((a, b) => (a.entry < b.entry ? -1 : 1)),
    query,
  )
  return next.indexOf(token)
}

const eventIn = (text: string) => {
  if (!text.startsWith('{"event"')) return undefined
  try {
    const parsed = trainingEventSchema.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : undefined
  } catch {
    return undefined
  }
}
