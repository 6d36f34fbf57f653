/** Inputs, and lanes that answer them, without kernels. */
import { InvalidInputError, NotFoundError } from '@maas/core/errors'
import type { PredictInput, Prediction, ServedModel } from '@maas/core/predict'
import type { Lane, TransformInputs, TransformItem } from '@maas/core/transform/work'

export const model: ServedModel = {
  name: 'm',
  version: 1,
  signature: {
    inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 2] }],
  },
  preprocess: { kind: 'tensor' },
  labels: ['cat', 'dog'],
  bytes: 0,
}

/** Answers each row with itself; a row that begins with -1 is refused. `asked` has the first numbers of the rows of each run. */
export const echoLane = (asked: number[][] = [], before: () => Promise<void> = async () => {}): Lane => ({
  model,
  predict: async (input: PredictInput): Promise<Prediction> => {
    if (input.kind !== 'tensors') throw new NotFoundError('the test sends tensors')
    const { x } = input.tensors
    const data = x?.data as Float32Array
    await before()
    asked.push([...data].filter((_, at) => at % 2 === 0))
    if (data.some((value, at) => at % 2 === 0 && value === -1)) throw new InvalidInputError('-1 is refused')
    return {
      model,
      outputs: { y: { dtype: 'float32', shape: [data.length / 2, 2], data } },
      timings: { prepare: 0, run: 0 },
    }
  },
})

/** `count` rows; those whose place is in `bad` are refused. */
export const rows = (count: number, bad: readonly number[] = [], digest = 'd'): TransformInputs => ({
  contentType: 'application/jsonlines',
  count,
  digest,
  async *read(wanted) {
    for (let index = 0; index < count; index++) {
      const item: TransformItem = { id: `row-${index}`, instance: [bad.includes(index) ? -1 : index, 1] }
      if (wanted(index)) yield [index, item]
    }
  },
})
