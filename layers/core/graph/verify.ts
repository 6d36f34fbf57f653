/** Holds a compiled step against tfjs before it is trusted: a graph that is wrong must not train. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { UnsupportedError } from '../errors.ts'
import { withNativeGradients } from './gradients.ts'
import { variableOf, weightsOf } from './layers.ts'
import { withWholeNormalisation } from './normalisation.ts'
import { relativeError } from './relative-error.ts'
import { computeStep, type NativeKernels, restoring } from './step.ts'
import { declareStepInputs } from './step-inputs.ts'
import type { GraphEngine } from './training.ts'
import type { Batch, StepConfig } from './types.ts'

/** A batch size that no trace had. */
const rows = 4
/** max|a-b| / max|b|; float32 sums in another order part by about 1e-6. */
const tolerance = 1e-4
/** Deep nets amplify rounding: that of MobileNetV2 moves by 4e-4 when its pictures move by 1e-7. A wrong graph is off by far more. */
const gradientTolerance = 1e-2

type Verifiable = Pick<GraphEngine, 'predict' | 'check'>

/** Throws UnsupportedError when loss, gradient norm, batch statistics or predictions differ from those of tfjs. */
export function verifyStep(kernels: NativeKernels, config: StepConfig, engine: Verifiable): void {
  const { tf } = kernels
  const { model, inputScale } = config
  const inputs = declareStepInputs(kernels, config)
  tf.tidy(() => {
    const features = inputs.features.example(rows)
    const targets = inputs.targets.example(rows)
    const batch: Batch = {
      features: tf.div(tf.cast(features, 'float32'), inputScale).dataSync() as Float32Array,
      targets: targets.dataSync() as Float32Array,
      rows,
      rowShape: features.shape.slice(1),
    }
    const compiled = engine.check(batch)
    const eager = eagerNumbers(kernels, config, features, targets)
    compare('loss', [compiled.loss], [eager.loss])
    compare('gradient norm', [compiled.gradientNorm], [eager.gradientNorm], gradientTolerance)
    compare('batch statistics', [compiled.statisticsNorm], [eager.statisticsNorm])
    const expected = (model.apply(features, { training: false }) as Tensor).dataSync() as Float32Array
    compare('prediction', engine.predict(batch), expected)
  })
}

function eagerNumbers(kernels: NativeKernels, config: StepConfig, features: Tensor, targets: Tensor) {
  const { tf } = kernels
  const variables = weightsOf(config.model).map(variableOf)
  const before = variables.map(({ dataId }) => dataId)
  const step = tf.scalar(0, 'int32')
  return restoring(variables, () => {
    const { loss, correct, gradients } = withNativeGradients(tf, kernels.native, () =>
      withWholeNormalisation(kernels, config.model, () => computeStep(kernels, config, { features, targets, step })),
    )
    correct.dispose()
    const moved = variables.filter(({ dataId }, index) => dataId !== before[index])
    const number = (value: Tensor) => value.dataSync()[0] as number
    return {
      loss: number(loss),
      gradientNorm: number(normOf(tf, [...gradients.values()])),
      statisticsNorm: moved.length === 0 ? 0 : number(normOf(tf, moved)),
    }
  })
}

const normOf = (tf: NativeKernels['tf'], gradients: readonly Tensor[]): Tensor =>
  tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))))

function compare(what: string, compiled: ArrayLike<number>, eager: ArrayLike<number>, allowed = tolerance): void {
  const error = relativeError(compiled, eager)
  if (error <= allowed) return
  throw new UnsupportedError(
    `The compiled ${what} differs from that of tfjs by ${error.toExponential(1)} (allowed ${allowed}); the model runs eagerly instead.`,
  )
}
