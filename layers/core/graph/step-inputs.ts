/** Where batches enter the graph: pictures as bytes or features as floats, targets as the loss wants them. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { UnsupportedError } from '../errors.ts'
import type { BatchInput } from './dynamic.ts'
import { type Attr, type DType, floatScalar, makeOutput, type Output, placeholder } from './ir.ts'
import { onlyTensors } from './layers.ts'
import { simplify } from './simplify.ts'
import type { NativeKernels } from './step.ts'
import type { StepConfig } from './types.ts'

export interface StepInputs {
  readonly features: BatchInput
  readonly targets: BatchInput
  /** Fed with uint8 or int32; `…/float` takes floats in their place. */
  readonly placeholders: readonly [features: Output, targets: Output]
}

export function declareStepInputs({ tf }: NativeKernels, { model, loss, inputScale }: StepConfig): StepInputs {
  const { input, output } = onlyTensors(model)
  const rowShape = knownShape('input', input.shape)
  const outputShape = knownShape('output', output.shape)
  const bytes = placeholder('features', { dtype: 'uint8', shape: [-1, ...rowShape] })
  const scaled = scale(cast(bytes, 'float32', 'features/float'), inputScale)
  const features = cast(scaled, input.dtype === 'int32' ? 'int32' : 'float32')

  const sparse = loss === 'sparse_categorical_crossentropy'
  const targetShape = sparse ? outputShape.slice(0, -1) : outputShape
  const labels = placeholder('targets', { dtype: 'int32', shape: [-1, ...targetShape] })
  const targets = sparse ? labels : cast(labels, 'float32', 'targets/float')
  return {
    features: {
      output: features,
      // Token models cut these to 0 and 1: any vocabulary has them, and a mask of zeros does not hide every step.
      example: (rows) =>
        tf.cast(tf.randomUniform([rows, ...rowShape], 0, 2), input.dtype === 'int32' ? 'int32' : 'float32'),
    },
    targets: { output: targets, example: (rows) => exampleTargets(tf, loss, [rows, ...outputShape]) },
    placeholders: [bytes, labels],
  }
}

function exampleTargets(tf: NativeKernels['tf'], loss: StepConfig['loss'], shape: number[]): Tensor {
  const classes = shape.at(-1) as number
  const numbers = () => tf.randomUniform(shape.slice(0, -1), 0, classes, 'int32')
  switch (loss) {
    case 'sparse_categorical_crossentropy':
      return numbers()
    case 'categorical_crossentropy':
      return tf.oneHot(numbers(), classes, 1, 0, 'float32')
    case 'binary_crossentropy':
      return tf.round(tf.randomUniform(shape))
    case 'mean_squared_error':
      return tf.randomUniform(shape)
  }
}

/** Sizes of everything but the batch. */
function knownShape(what: string, shape: readonly (number | null)[]): number[] {
  return shape.slice(1).map((size) => {
    if (size === null || size < 0) {
      throw new UnsupportedError(
        `The model's ${what} has a dimension of unknown size; compiled steps need all but the batch.`,
      )
    }
    return size
  })
}

function cast(from: Output, dtype: DType, name = ''): Output {
  const { dtype: given, shape } = from.node.outputs[from.index] as { dtype: DType; shape: readonly number[] }
  if (given === dtype && name === '') return from
  const attrs: Record<string, Attr> = { SrcT: { type: given }, DstT: { type: dtype } }
  return makeOutput('Cast', [from], attrs, { dtype, shape }, { name })
}

function scale(from: Output, factor: number): Output {
  const type = { dtype: 'float32', shape: from.node.outputs[from.index]?.shape ?? [] } as const
  return simplify('Mul', [from, floatScalar(factor)], { T: { type: 'float32' } }, type)
}
