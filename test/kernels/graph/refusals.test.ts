/** What cannot be compiled is refused by name, never compiled wrong, and leaves tfjs as it was. */
import { randomNormal, type Tensor } from '@tensorflow/tfjs-core'
import { describe, expect, it } from 'vitest'
import { UnsupportedError } from '../../../layers/core/errors.ts'
import { createGraphEngine, type StepConfig } from '../../../layers/core/graph/index.ts'
import { placeholder } from '../../../layers/core/graph/ir.ts'
import { trace } from '../../../layers/core/graph/tracer.ts'
import type { TensorFlow } from '../../../layers/core/kernels/index.ts'
import { nativeKernels } from '../native.ts'

/** A layer that does something of its own to a tensor. */
function ownLayer(tf: TensorFlow, compute: (x: Tensor, training: boolean) => Tensor) {
  class Own extends tf.layers.Layer {
    static readonly className = 'Own'
    override call(inputs: Tensor | Tensor[], { training }: { training?: boolean }): Tensor {
      const x = Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs
      return tf.tidy(() => compute(x, training === true))
    }
  }
  return new Own({})
}

function configure(tf: TensorFlow, compute: (x: Tensor, training: boolean) => Tensor): StepConfig {
  const { dense } = tf.layers
  const model = tf.sequential({
    layers: [dense({ units: 3, inputShape: [4] }), ownLayer(tf, compute), dense({ units: 1 })],
  })
  return { model, loss: 'mean_squared_error', optimizer: { name: 'sgd', momentum: 0 }, inputScale: 1, seed: 1 }
}

/** Messages of what fails while tfjs records a gradient. */
const throwsInside = /reads|works on/

describe('compiling a training step', () => {
  it('accepts a layer of unknown class that only computes', async (context) => {
    const kernels = await nativeKernels(context)
    createGraphEngine(
      configure(kernels.tf, (x) => kernels.tf.sin(x)),
      kernels,
      4,
    ).dispose()
  })

  it('accepts a layer that draws numbers by the functions it was given, and draws others each step', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const noise = (x: Tensor, training: boolean) =>
      training
        ? tf.add(tf.dropout(x, 0.5), tf.mul(tf.randomNormal(x.shape), tf.randomUniform(x.shape, 1, 3)))
        : tf.clone(x)
    const engine = createGraphEngine(configure(tf, noise), kernels, 4)
    const batch = { features: new Float32Array(16).fill(1), targets: new Float32Array(4), rows: 4, rowShape: [4] }
    const losses = [engine.step(batch, 0), engine.step(batch, 0)].map(({ loss }) => loss)
    expect(losses[0]).not.toBe(losses[1])
    engine.dispose()
  })

  const cases: readonly [string, RegExp, (tf: TensorFlow) => (x: Tensor) => Tensor][] = [
    ['reads a value', /reads the value of a tensor/, (tf) => (x) => tf.mul(x, tf.max(x).dataSync()[0] as number)],
    [
      'computes with complex numbers',
      /Operation \w+ works on TensorFlow's dtype/,
      (tf) => (x) => tf.real(tf.complex(x, x)),
    ],
    ['draws numbers in JavaScript', /random/, (tf) => (x) => tf.add(x, randomNormal(x.shape))],
    ['draws one number in JavaScript', /random/, (tf) => (x) => tf.mul(x, Math.random() + 0.5)],
    [
      'computes something else for other batch sizes',
      /batch size/,
      (tf) => (x) => ((x.shape[0] as number) > 4 ? tf.neg(x) : x),
    ],
    [
      'computes something else for the batch size that is checked',
      /differs from that of tfjs/,
      (tf) => (x) => ((x.shape[0] as number) === 4 ? tf.mul(x, 1.01) : tf.mul(x, 1.02)),
    ],
  ]
  it.for(cases)('refuses a layer that %s', async ([, message, compute], context) => {
    const kernels = await nativeKernels(context)
    const { tf, native } = kernels
    const config = configure(tf, compute(tf))
    const before = { tensors: tf.memory().numTensors, sessions: native.counters().savedModels }
    const relu = tf.getGradient('Relu')
    const attempt = () => createGraphEngine(config, kernels, 4)
    expect(attempt).toThrow(UnsupportedError)
    expect(attempt).toThrow(message)
    // tfjs itself loses the tensors of a gradient whose function throws.
    if (!throwsInside.test(message.source)) expect(tf.memory().numTensors).toBe(before.tensors)
    expect(native.counters().savedModels).toBe(before.sessions)
    expect(tf.getGradient('Relu')).toBe(relu)
    expect(Object.hasOwn(native.backend, 'executeSingleOutput')).toBe(false)
  })

  it('refuses more operations than a graph should have, as of a recurrent layer unrolled over many steps', async (context) => {
    const { tf, native } = await nativeKernels(context)
    const unroll = (mostNodes: number) => () =>
      tf.tidy(() => {
        const x = tf.tensor1d([1, 2])
        const bindings = [[x, placeholder('x', { dtype: 'float32', shape: [2] })] as const]
        const steps = Array.from({ length: 10 })
        return trace(native, { bindings, mostNodes }, () =>
          steps.reduce((state: Tensor) => tf.add(tf.sin(state), x), x as Tensor),
        )
      })
    expect(unroll(19)).toThrow(/more than 19 operations/)
    expect(unroll(20)).not.toThrow()
  })

  it('refuses constraints, which it would not apply', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const layer = tf.layers.dense({ units: 1, inputShape: [2], kernelConstraint: 'nonNeg' })
    const config = { ...configure(tf, (x) => x), model: tf.sequential({ layers: [layer] }) }
    expect(() => createGraphEngine(config, kernels, 4)).toThrow(/kernel has a constraint/)
  })

  it('refuses models with two inputs, and backends without graphs', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const inputs = [tf.input({ shape: [2] }), tf.input({ shape: [2] })]
    const outputs = tf.layers.add().apply(inputs) as (typeof inputs)[0]
    const config = { ...configure(tf, (x) => x), model: tf.model({ inputs, outputs: outputs as never }) }
    expect(() => createGraphEngine(config, kernels, 4)).toThrow(/2 inputs/)
    const { tf: same, version } = kernels
    const wasm = { tf: same, version, backend: 'wasm' as const, id: 'wasm' }
    expect(() => createGraphEngine(config, wasm, 4)).toThrow(/native kernels/)
  })
})
