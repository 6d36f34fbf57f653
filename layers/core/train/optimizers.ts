/** Keras' optimisers over eager tensors, epsilon where Keras has it, with slots that a checkpoint can hold. */
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core'
import type { OptimizerConfig, OptimizerState } from '../graph/types.ts'
import type { Kernels } from '../kernels/index.ts'

type TensorFlow = Kernels['tf']

/** Constants of Keras' defaults. */
const EPSILON = 1e-7
const BETA_1 = 0.9
const BETA_2 = 0.999
const RHO = 0.9

/** How one variable moves: `slots` are updated in place, the result is what to add to the variable. `step` counts from 1. */
interface Rule {
  readonly slots: readonly string[]
  move(tf: TensorFlow, gradient: Tensor, slots: readonly Variable[], rate: number, step: number): Tensor
}

const at = (slots: readonly Variable[], index: number): Variable => slots[index] as Variable

const rules = {
  /** Kingma and Ba's efficient form: the bias correction goes into the rate, epsilon stays outside of it. */
  adam: () => ({
    slots: ['momentum', 'velocity'],
    move: (tf, gradient, slots, rate, step) => {
      const [momentum, velocity] = [at(slots, 0), at(slots, 1)]
      // In float32 as in Keras: 1 - 0.999 is 1.3e-5 away from 0.001 there, and what is rounded alike stays together.
      const rest = (beta: number) => tf.sub(1, tf.pow(tf.scalar(beta), tf.scalar(step)))
      const corrected = tf.div(tf.mul(rate, tf.sqrt(rest(BETA_2))), rest(BETA_1))
      momentum.assign(tf.add(momentum, tf.mul(tf.sub(gradient, momentum), 1 - BETA_1)))
      velocity.assign(tf.add(velocity, tf.mul(tf.sub(tf.square(gradient), velocity), 1 - BETA_2)))
      return tf.neg(tf.div(tf.mul(momentum, corrected), tf.add(tf.sqrt(velocity), EPSILON)))
    },
  }),
  /** Epsilon inside the root, as Keras has it. */
  rmsprop: (inertia) => ({
    slots: inertia > 0 ? ['velocity', 'momentum'] : ['velocity'],
    move: (tf, gradient, slots, rate) => {
      const velocity = at(slots, 0)
      velocity.assign(tf.add(tf.mul(velocity, RHO), tf.mul(tf.square(gradient), 1 - RHO)))
      // Keras' momentum counts what is taken away here, and what is added in SGD.
      const taken = tf.mul(tf.div(gradient, tf.sqrt(tf.add(velocity, EPSILON))), rate)
      return tf.neg(inertia > 0 ? keepMoving(tf, at(slots, 1), inertia, taken) : taken)
    },
  }),
  sgd: (inertia) => ({
    slots: inertia > 0 ? ['momentum'] : [],
    move: (tf, gradient, slots, rate) => {
      const change = tf.mul(gradient, -rate)
      return inertia > 0 ? keepMoving(tf, at(slots, 0), inertia, change) : change
    },
  }),
} satisfies Record<OptimizerConfig['name'], (inertia: number) => Rule>

const keepMoving = (tf: TensorFlow, momentum: Variable, inertia: number, change: Tensor): Tensor => {
  momentum.assign(tf.add(tf.mul(momentum, inertia), change))
  return momentum
}

export interface Optimizer {
  /**
   * Moves the variables against their gradients (same order), or keeps these for the step that does; returns the
   * gradients' own global norm.
   */
  apply(gradients: readonly Tensor[], learningRate: number): Scalar
  readonly step: number
  save(): OptimizerState
  restore(state: OptimizerState): void
  dispose(): void
}

/** One optimiser for these variables, its slots at zero. */
export const createOptimizer = (
  tf: TensorFlow,
  { accumulate = 1, clipNorm, momentum, name, weightDecay = 0 }: OptimizerConfig,
  variables: readonly { readonly name: string; readonly variable: Variable }[],
): Optimizer => {
  const rule: Rule = rules[name](momentum)
  const zeros = (count: number) =>
    variables.map(({ variable }) =>
      tf.tidy(() => Array.from({ length: count }, () => tf.variable(tf.zeros(variable.shape), false))),
    )
  const slots = zeros(rule.slots.length)
  const sums = accumulate > 1 ? zeros(1).flat() : []
  const named = [
    ...variables.flatMap(({ name: owner }, index) =>
      rule.slots.map((slot, at) => ({ name: `${owner}/${slot}`, variable: slots[index]?.[at] as Variable })),
    ),
    ...sums.map((variable, index) => ({ name: `${variables[index]?.name}/accumulator`, variable })),
  ]
  const normOf = (gradients: readonly Tensor[]): Scalar =>
    tf.sqrt(tf.addN(gradients.map((gradient) => tf.sum(tf.square(gradient)))))
  let step = 0
  const update = (gradients: readonly Tensor[], norm: Scalar, learningRate: number): void => {
    const scale = clipNorm === undefined ? undefined : tf.div(clipNorm, tf.maximum(norm, clipNorm))
    variables.forEach(({ variable }, index) => {
      const gradient = gradients[index] as Tensor
      const clipped = scale ? tf.mul(gradient, scale) : gradient
      const change = rule.move(tf, clipped, slots[index] ?? [], learningRate, step / accumulate)
      const kept = weightDecay > 0 ? tf.mul(variable, 1 - learningRate * weightDecay) : variable
      variable.assign(tf.add(kept, change))
    })
  }
  return {
    get step() {
      return step
    },
    apply: (gradients, learningRate) => {
      step += 1
      const norm = normOf(gradients)
      if (accumulate === 1) update(gradients, norm, learningRate)
      else {
        const totals = sums.map((sum, index) => tf.add(gradients[index] as Tensor, sum))
        const updates = step % accumulate === 0
        const means = updates ? totals.map((total) => tf.div(total, accumulate)) : []
        if (updates) update(means, normOf(means), learningRate)
        sums.forEach((sum, index) => {
          sum.assign(updates ? tf.zerosLike(sum) : (totals[index] as Tensor))
        })
      }
      return norm
    },
    save: () => ({
      step,
      slots: named.map(({ name: slot, variable }) => ({
        name: slot,
        shape: variable.shape,
        data: (variable.dataSync() as Float32Array).slice(),
      })),
    }),
    restore: (state) => {
      step = state.step
      for (const [index, { name: slot, variable }] of named.entries()) {
        const saved = state.slots[index]
        if (saved?.name !== slot) throw new Error(`optimiser slot ${index} is ${saved?.name}, expected ${slot}`)
        tf.tidy(() => variable.assign(tf.tensor(saved.data, variable.shape)))
      }
    },
    dispose: () => {
      for (const { variable } of named) variable.dispose()
    },
  }
}
