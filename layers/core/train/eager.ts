/** Training steps one kernel at a time: what every model can do, and what the traced graph is measured against. */
import type { Tensor, Tensor1D, Tensor4D, Variable } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { sizeOf } from '../contract/index.ts'
import { mixSeed, randomNumbers } from '../data/random.ts'
import { augmentImages } from '../graph/augmentation.ts'
import type { Batch, StepConfig, StepEngine } from '../graph/types.ts'
import type { Kernels } from '../kernels/index.ts'
import { checkTrainable, lossOf } from './losses.ts'
import { flatLayers, penaltyOf } from './model.ts'
import { createOptimizer } from './optimizers.ts'

type TensorFlow = Kernels['tf']

/** A dropout layer draws its mask from this seed, which changes with every step. */
interface Seeded {
  seed: number | undefined
}

const seededLayers = (model: LayersModel): Seeded[] =>
  flatLayers(model).filter((layer) => 'rate' in layer && 'seed' in layer) as unknown as Seeded[]

/** Runs `work` with seeds that depend on the run's seed and the step alone, and puts the layers' own back. */
const withSeeds = <T>(layers: readonly Seeded[], seed: number, step: number, work: () => T): T => {
  const own = layers.map((layer) => layer.seed)
  layers.forEach((layer, index) => {
    layer.seed = mixSeed(seed, step, index)
  })
  try {
    return work()
  } finally {
    layers.forEach((layer, index) => {
      layer.seed = own[index]
    })
  }
}

const featuresOf = (tf: TensorFlow, { features, rows, rowShape }: Omit<Batch, 'targets'>, scale: number): Tensor => {
  const values = tf.tensor(features, [rows, ...rowShape], features instanceof Uint8Array ? 'int32' : 'float32')
  return scale === 1 ? tf.cast(values, 'float32') : tf.mul(tf.cast(values, 'float32'), scale)
}

/** Every backend has these numbers; those of TensorFlow's own generator are for the graph. */
const drawnInJavaScript = (tf: TensorFlow, seed: number) => {
  const next = randomNumbers(seed)
  return {
    uniform: (shape: readonly number[]) => tf.tensor(Float32Array.from({ length: sizeOf(shape) }, next), [...shape]),
  }
}

/** UnsupportedError when the model has not one input, one output and a shape that fits the loss. */
export const createEagerEngine = (config: StepConfig, { tf }: Pick<Kernels, 'tf'>): StepEngine => {
  const { augment = false, inputScale, loss, model, optimizer: optimizerConfig, seed } = config
  checkTrainable(model, loss)
  const trained = model.trainableWeights.map((weight) => ({
    name: weight.originalName,
    variable: weight.read() as Variable,
  }))
  const variables = trained.map(({ variable }) => variable)
  const optimizer = createOptimizer(tf, optimizerConfig, trained)
  const seeded = seededLayers(model)

  return {
    mode: 'eager',
    step: (batch, learningRate) => {
      const [lossValue = Number.NaN, correct = 0, gradientNorm = 0] = tf.tidy(() => {
        const scaled = featuresOf(tf, batch, inputScale)
        const source = drawnInJavaScript(tf, mixSeed(seed, optimizer.step + 1))
        const features = augment ? augmentImages(tf, scaled as Tensor4D, source) : scaled
        const targets = tf.tensor1d(
          batch.targets,
          batch.targets instanceof Int32Array ? 'int32' : 'float32',
        ) as Tensor1D
        let right: Tensor | undefined
        const { value, grads } = withSeeds(seeded, seed, optimizer.step + 1, () =>
          tf.variableGrads(() => {
            const scored = lossOf(tf, config, features, targets)
            right = tf.keep(scored.correct)
            return penaltyOf(tf, model, scored.loss)
          }, variables),
        )
        const norm = optimizer.apply(
          variables.map(({ name }) => grads[name] as Tensor),
          learningRate,
        )
        const figures = tf.stack([value, right as Tensor, norm]).dataSync()
        right?.dispose()
        return [...figures]
      })
      return { loss: lossValue, correct, gradientNorm }
    },
    predict: (batch) =>
      tf.tidy(() => {
        const output = model.apply(featuresOf(tf, batch, inputScale), { training: false }) as Tensor
        return (output.dataSync() as Float32Array).slice()
      }),
    sync: () => undefined,
    reload: () => undefined,
    saveOptimizer: optimizer.save,
    restoreOptimizer: optimizer.restore,
    dispose: optimizer.dispose,
  }
}
