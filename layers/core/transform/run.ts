/** Runs a transform, or one container's share of it: the parts that nobody has finished yet, each written whole or not at all. */
import { type TransformLine, type TransformPlan, transformKeys, transformPlanSchema } from '../contract/index.ts'
import { ConflictError, MaasError } from '../errors.ts'
import { type ObjectStore, readRecord, toJson } from '../store/index.ts'
import { answerBatch, batchBytes, batchInputs, type Lane } from './answer.ts'
import type { TransformInputs, TransformItem } from './items.ts'
import { checkFailures, finishedParts, partsOf } from './parts.ts'

export interface TransformProgress {
  readonly inputs: number
  readonly done: number
  readonly failed: number
}

export interface RunOptions {
  readonly store: ObjectStore
  readonly job: string
  readonly inputs: TransformInputs
  /** Each has one batch at a time. Asked for only when something is left to do. */
  readonly lanes: () => Promise<readonly Lane[]>
  /** Every input alone, in place of batches. */
  readonly single?: boolean
  /** This run's share of the parts: those whose number divided by `of` leaves `index`. @default all */
  readonly share?: { readonly index: number; readonly of: number }
  /** Inputs that may fail before it gives up. @default all */
  readonly mostFailed?: number | undefined
  readonly signal?: AbortSignal
  /** Hears of every batch. */
  readonly onProgress?: (progress: TransformProgress) => void
}

/** A part is lost at most when a run dies; many small ones would cost a request each. */
const leastPartInputs = 256
const mostParts = 1000
const mostPartInputs = 4096

/** Written by the first run. ConflictError when the inputs are not what they were then. */
const planFor = async (store: ObjectStore, job: string, inputs: TransformInputs): Promise<TransformPlan> => {
  const { plan: key } = transformKeys(job)
  const partInputs = Math.min(mostPartInputs, Math.max(leastPartInputs, Math.ceil(inputs.count / mostParts)))
  const { contentType, count, digest } = inputs
  const plan: TransformPlan = { schema: 1, contentType, inputs: count, partInputs, digest }
  try {
    await store.put(key, toJson(plan), { ifAbsent: true })
    return plan
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error
  }
  const known = await readRecord(store, key, transformPlanSchema)
  if (known?.digest === digest && known.inputs === count) return known
  throw new ConflictError(
    `The input of ${job} has changed since it began: ${known?.inputs} inputs then, ${count} now, or others. Start it under another name.`,
    { param: 'TransformInput' },
  )
}

/**
 * Resolves when all parts of the share are there. Batches never cross a part and always hold the same inputs, so a run
 * that was interrupted and one that was not give the same bytes on the same machine.
 */
export const runTransform = async (options: RunOptions): Promise<TransformProgress> => {
  const { store, job, inputs, share = { index: 0, of: 1 }, signal } = options
  const plan = await planFor(store, job, inputs)
  const { partInputs } = plan
  const finished = await finishedParts(store, job)
  const done = new Set(finished.map(({ number }) => number))
  const progress = { inputs: inputs.count, done: 0, failed: 0 }
  for (const part of finished) {
    progress.done += part.inputs
    progress.failed += part.failed
  }
  const tell = () => options.onProgress?.({ ...progress })
  tell()
  checkFailures(progress.failed, options.mostFailed)
  const mine = (index: number): boolean => {
    const number = Math.floor(index / partInputs)
    return number % share.of === share.index && !done.has(number)
  }
  if (!Array.from({ length: partsOf(plan) }, (_, number) => number * partInputs).some(mine)) return progress
  const lanes = createLanes(await options.lanes())
  const open = new Map<number, { readonly lines: TransformLine[][]; waiting: number; whole: boolean }>()

  const finish = async (number: number): Promise<void> => {
    const part = open.get(number)
    if (part === undefined || part.waiting > 0 || !part.whole) return
    open.delete(number)
    await writePart(store, job, number, part.lines.flat())
    checkFailures(progress.failed, options.mostFailed)
  }
  const send = (number: number, items: readonly TransformItem[]): Promise<void> => {
    const part = open.get(number) ?? { lines: [], waiting: 0, whole: false }
    open.set(number, part)
    const place = part.lines.push([]) - 1
    part.waiting++
    return lanes.run(async (lane) => {
      const lines = await answerBatch(items, lane)
      part.lines[place] = lines
      part.waiting--
      progress.done += lines.length
      progress.failed += lines.filter(({ error }) => error !== undefined).length
      tell()
      await finish(number)
    })
  }

  let batch: TransformItem[] = []
  let bytes = 0
  const most = options.single ? 1 : batchInputs
  try {
    for await (const [index, item] of inputs.read(mine, signal)) {
      signal?.throwIfAborted()
      const number = Math.floor(index / partInputs)
      batch.push(item)
      bytes += 'image' in item ? item.image.length : 0
      const isLast = index + 1 === Math.min(inputs.count, (number + 1) * partInputs)
      if (batch.length < most && bytes < batchBytes && !isLast) continue
      const sent = send(number, batch)
      ;[batch, bytes] = [[], 0]
      const part = open.get(number)
      if (part !== undefined && isLast) part.whole = true
      await sent
    }
    await lanes.idle()
  } catch (error) {
    await lanes.idle().catch(() => {})
    if (signal?.aborted) throw new MaasError('canceled', 'The transform was stopped; its finished parts are kept.')
    throw error
  }
  return progress
}

const writePart = async (
  store: ObjectStore,
  job: string,
  number: number,
  lines: readonly TransformLine[],
): Promise<void> => {
  const failed = lines.filter(({ error }) => error !== undefined).length
  const key = `${transformKeys(job).parts}${String(number).padStart(6, '0')}-${lines.length}-${failed}`
  const body = Buffer.from(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  try {
    await store.put(key, body, { ifAbsent: true })
  } catch (error) {
    // Another run was first; what it wrote stands.
    if (!(error instanceof ConflictError)) throw error
  }
}

/** Hands work to whichever lane is free. `run` resolves when a lane has taken the work; failures come out of the next `run` or `idle`. */
const createLanes = (lanes: readonly Lane[]) => {
  const busy = new Map<Lane, Promise<void>>()
  let failure: { readonly error: unknown } | undefined
  const check = (): void => {
    if (failure !== undefined) throw failure.error
  }
  return {
    run: async (work: (lane: Lane) => Promise<void>): Promise<void> => {
      if (busy.size === lanes.length) await Promise.race(busy.values())
      check()
      const lane = lanes.find((each) => !busy.has(each)) as Lane
      const ended = work(lane)
        .catch((error: unknown) => {
          failure ??= { error }
        })
        .finally(() => busy.delete(lane))
      busy.set(lane, ended)
    },
    idle: async (): Promise<void> => {
      await Promise.all(busy.values())
      check()
    },
  }
}
