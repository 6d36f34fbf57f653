/** Finished parts of a transform: their names say what is in them, so that progress is one listing. */
import { type TransformPlan, transformKeys } from '../contract/index.ts'
import { InvalidInputError } from '../errors.ts'
import { type ObjectStore, objectsBelow } from '../store/index.ts'

/** A part that lies in the store: `number` from 0. */
export interface Part {
  readonly key: string
  readonly number: number
  readonly inputs: number
  readonly failed: number
}

/** Finished parts by number, in order. A part that two runs finished counts once: the same one for everybody. */
export const finishedParts = async (store: ObjectStore, job: string): Promise<Part[]> => {
  const parts = new Map<number, Part>()
  const { parts: prefix } = transformKeys(job)
  for await (const { key } of objectsBelow(store, prefix)) {
    const [, number = '', inputs, failed] = /^(\d{6})-(\d+)-(\d+)$/.exec(key.slice(prefix.length)) ?? []
    if (number !== '' && !parts.has(Number(number))) {
      parts.set(Number(number), { key, number: Number(number), inputs: Number(inputs), failed: Number(failed) })
    }
  }
  return [...parts.values()]
}

export const partsOf = ({ inputs, partInputs }: Pick<TransformPlan, 'inputs' | 'partInputs'>): number =>
  Math.ceil(inputs / partInputs)

/** InvalidInputError when more inputs failed than may. @default all may */
export const checkFailures = (failed: number, most = Number.POSITIVE_INFINITY): void => {
  if (failed <= most) return
  throw new InvalidInputError(`${failed} inputs failed, more than the ${most} allowed (MaxFailedInputs).`, {
    param: 'MaxFailedInputs',
  })
}
