/** One training step as tfjs computes it: forward, loss and gradients, without the update. The graph is a record of this. */
import type { Scalar, Tensor, Tensor4D, Variable } from '@tensorflow/tfjs-core'
import { MaasError, messageOf, UnsupportedError } from '../errors.ts'
import type { Kernels, NativeSurface } from '../kernels/index.ts'
import { augmentImages } from './augmentation.ts'
import { trainableOf, variableOf } from './layers.ts'
import { outputActivation, withLogits } from './logits.ts'
import { logitsActivation, score } from './losses.ts'
import { stepRandomness, withRandomness } from './randomness.ts'
import type { StepConfig } from './types.ts'

/** Kernels that can record graphs. */
export interface NativeKernels {
  readonly tf: Kernels['tf']
  readonly native: NativeSurface
}

/** Throws UnsupportedError on other backends, which have no graphs. */
export function requireNative({ tf, native }: Kernels): NativeKernels {
  if (native === undefined)
    throw new UnsupportedError('Compiled graphs need native kernels. Fix: npm run build:kernels')
  return { tf, native }
}

/** What fails in tfjs while a model is compiled is a reason not to compile it, not one to stop. */
export function refusing<T>(body: () => T): T {
  try {
    return body()
  } catch (error) {
    if (error instanceof MaasError) throw error
    throw new UnsupportedError(`The model cannot be compiled: ${messageOf(error)}`, { cause: error })
  }
}

export interface ComputedStep {
  /** Mean over the batch plus the layers' regularisation. */
  readonly loss: Scalar
  /** `StepResult.correct`. */
  readonly correct: Scalar
  readonly gradients: ReadonlyMap<Variable, Tensor>
}

/**
 * Computes on a batch; the caller disposes the results (or wraps the call in `tf.tidy` and disposes `correct`).
 * Batch normalisation moves its statistics on the way.
 *
 * @param features `[rows, …]`, scaled as the model wants them
 * @param step an int32 scalar, the number of the step, from which random layers and augmentation draw
 */
export function computeStep(
  { tf, native }: NativeKernels,
  { model, loss: lossName, seed, augment = false }: Pick<StepConfig, 'model' | 'loss' | 'seed' | 'augment'>,
  { features, targets, step }: { readonly features: Tensor; readonly targets: Tensor; readonly step: Tensor },
): ComputedStep {
  const variables = trainableOf(model).map(variableOf)
  if (variables.length === 0) throw new UnsupportedError('The model has no trainable weights.')
  const ending = outputActivation(model)
  const fromLogits = ending === logitsActivation(lossName)
  const randomness = stepRandomness(tf, native, seed, step)
  const inputs = () => (augment ? augmentImages(tf, features as Tensor4D, randomness) : features)
  const forward = () => model.apply(inputs(), { training: true }) as Tensor
  let correct: Scalar | undefined
  const total = (): Scalar => {
    const outputs = withRandomness(tf, model, randomness, () =>
      fromLogits ? withLogits(tf, model, forward) : forward(),
    )
    const scored = score({ tf, native }, lossName, ending, outputs, targets)
    correct = tf.keep(scored.correct)
    return model.calculateLosses().reduce<Scalar>((sum, loss) => tf.add(sum, loss), scored.loss)
  }
  const { value, grads } = tf.variableGrads(total, variables)
  const gradients = new Map(variables.map((variable) => [variable, grads[variable.name] as Tensor]))
  return { loss: value, correct: correct as unknown as Scalar, gradients }
}

/** Runs `body` and puts back the variables it assigned to. */
export function restoring<T>(variables: readonly Variable[], body: () => T): T {
  const saved = variables.map((variable) => variable.clone())
  try {
    return body()
  } finally {
    for (const [index, variable] of variables.entries()) {
      const value = saved[index] as Tensor
      if (variable.dataId !== value.dataId) variable.assign(value)
      value.dispose()
    }
  }
}
