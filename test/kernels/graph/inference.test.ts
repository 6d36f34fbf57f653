/** Compiled predictions against tfjs: the same numbers for every kind of layer and batch size, or a refusal. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { describe, expect, it } from 'vitest'
import { type NamedTensors, sizeOf, type TensorData } from '../../../layers/core/contract/index.ts'
import { signatureOf } from '../../../layers/core/formats/index.ts'
import { writeSavedModel } from '../../../layers/core/graph/graphdef.ts'
import { compileInference, openSession } from '../../../layers/core/graph/index.ts'
import { makeOutput, placeholder } from '../../../layers/core/graph/ir.ts'
import { relativeError } from '../../../layers/core/graph/relative-error.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'
import { buildLayerModel, layerModelNames } from './layers.ts'
import { buildNet, netNames, netOf } from './nets.ts'

async function compileAndOpen(model: LayersModel, kernels: NativeKernels) {
  return openSession(await compileInference(model, kernels, signatureOf(model)), kernels.native.sessions, {
    threads: 2,
  })
}

function randomInputs(model: LayersModel, rows: number): NamedTensors {
  return Object.fromEntries(
    signatureOf(model).inputs.map(({ name, dtype, shape }) => {
      const sizes = [rows, ...shape.slice(1)]
      const numbers = Array.from({ length: sizeOf(sizes) }, () => Math.random() * 3.99)
      const data = dtype === 'int32' ? Int32Array.from(numbers) : Float32Array.from(numbers)
      return [name, { dtype, shape: sizes, data }]
    }),
  )
}

function eagerOutputs({ tf }: NativeKernels, model: LayersModel, inputs: NamedTensors): (Float32Array | Int32Array)[] {
  return tf.tidy(() => {
    const tensors = Object.values(inputs).map(({ data, shape, dtype }) =>
      tf.tensor(data as Float32Array, [...shape], dtype as 'float32'),
    )
    const outputs = [model.apply(tensors.length === 1 ? (tensors[0] as Tensor) : tensors)].flat() as Tensor[]
    return outputs.map((output) => output.dataSync() as Float32Array) as never
  })
}

const values = (outputs: NamedTensors): Float32Array[] => Object.values(outputs).map(({ data }) => data as Float32Array)

async function compare(model: LayersModel, other: LayersModel, kernels: NativeKernels) {
  const session = await compileAndOpen(model, kernels)
  for (const rows of [1, 2, 9]) {
    const inputs = randomInputs(model, rows)
    const outputs = await session.run(inputs)
    expect(Object.keys(outputs)).toEqual(signatureOf(model).outputs.map(({ name }) => name))
    const expected = eagerOutputs(kernels, model, inputs)
    for (const [index, data] of values(outputs).entries()) {
      expect(relativeError(data, expected[index] as Float32Array)).toBeLessThan(1e-5)
      expect(Object.values(outputs)[index]?.shape[0]).toBe(rows)
    }
    const control = eagerOutputs(kernels, other, inputs)
    expect(relativeError(values(outputs)[0] as Float32Array, control[0] as Float32Array)).toBeGreaterThan(1e-5)
  }
  session.dispose()
}

describe('a compiled model', () => {
  it.for(layerModelNames)('predicts what tfjs predicts: %s', async (name, context) => {
    const kernels = await nativeKernels(context)
    await compare(buildLayerModel(kernels.tf, name), buildLayerModel(kernels.tf, name, 2), kernels)
  })

  it.for(netNames)('predicts what tfjs predicts: %s', async (name, context) => {
    const kernels = await nativeKernels(context)
    const other = netOf(name).build(kernels.tf)
    await compare(buildNet(kernels.tf, netOf(name)), other, kernels)
  })

  it('predicts what tfjs predicts over 8 MB, where fewer passes optimise it', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const build = (seed: number): LayersModel => {
      const kernelInitializer = tf.initializers.glorotUniform({ seed })
      const biasInitializer = tf.initializers.randomUniform({ seed, minval: -1, maxval: 1 })
      const dense = { units: 1100, activation: 'relu', kernelInitializer, biasInitializer } as const
      return tf.sequential({
        layers: [tf.layers.dense({ ...dense, inputShape: [1100] }), tf.layers.dense(dense), tf.layers.softmax()],
      })
    }
    await compare(build(1), build(2), kernels)
  })

  it('knows its signature without the model', async (context) => {
    const kernels = await nativeKernels(context)
    const model = buildLayerModel(kernels.tf, 'two inputs merged in every way, two outputs')
    const session = await compileAndOpen(model, kernels)
    expect(session.signature).toEqual(signatureOf(model))
    session.dispose()
  })

  it('is the same file each time', async (context) => {
    const kernels = await nativeKernels(context)
    const model = buildLayerModel(kernels.tf, 'recurrent layers')
    const [first, second] = [
      await compileInference(model, kernels, signatureOf(model)),
      await compileInference(model, kernels, signatureOf(model)),
    ]
    expect(Buffer.from(first).equals(second)).toBe(true)
  })

  it('leaves nothing behind in a thousand runs, failed ones included', async (context) => {
    const kernels = await nativeKernels(context)
    const { native, tf } = kernels
    const model = buildLayerModel(tf, 'activations by name')
    eagerOutputs(kernels, model, randomInputs(model, 1))
    const before = { ...native.counters(), tfjs: tf.memory().numTensors }
    const session = await compileAndOpen(model, kernels)
    const inputs = randomInputs(model, 3)
    for (let run = 0; run < 1000; run++) await session.run(inputs)
    await expect(session.run({})).rejects.toThrow()
    session.dispose()
    session.dispose()
    expect({ ...native.counters(), tfjs: tf.memory().numTensors }).toEqual(before)
  })

  const bad: readonly [string, RegExp, (good: TensorData) => NamedTensors][] = [
    ['no input', /x is missing; it takes float32 \[any, 4\]/, () => ({})],
    ['an input of another name', /no input y; it takes x/, (x) => ({ x, y: x })],
    ['another type', /x is int32 \[1, 4\]/, (x) => ({ x: { ...x, dtype: 'int32', data: new Int32Array(4) } })],
    ['another shape', /x is float32 \[4, 1\]/, (x) => ({ x: { ...x, shape: [4, 1] } })],
    ['too few values', /with 3 values/, (x) => ({ x: { ...x, data: new Float32Array(3) } })],
  ]
  it.for(bad)('refuses %s, saying what it takes', async ([, message, inputs], context) => {
    const kernels = await nativeKernels(context)
    const layer = kernels.tf.layers.dense({ units: 2, inputShape: [4], name: 'y' })
    const x = kernels.tf.input({ shape: [4], name: 'x' })
    const model = kernels.tf.model({ inputs: x, outputs: layer.apply(x) as typeof x })
    const session = await compileAndOpen(model, kernels)
    const good: TensorData = { dtype: 'float32', shape: [1, 4], data: new Float32Array(4) }
    await expect(session.run(inputs(good))).rejects.toThrow(message)
    session.dispose()
    await expect(session.run({})).rejects.toThrow(/closed/)
  })
})

describe('opening a session', () => {
  it('refuses graphs with operations that reach outside', async (context) => {
    const kernels = await nativeKernels(context)
    const path = placeholder('path', { dtype: 'string', shape: [] })
    const content = makeOutput('ReadFile', [path], {}, { dtype: 'string', shape: [] }, { name: 'content' })
    const file = writeSavedModel({ inputs: { path }, outputs: { content } })
    expect(() => openSession(file, kernels.native.sessions, { threads: 1 })).toThrow(/ReadFile/)
  })
})

describe('compiling for prediction', () => {
  it('refuses models whose other sizes are free too', async (context) => {
    const kernels = await nativeKernels(context)
    const layer = kernels.tf.layers.conv2d({ inputShape: [null as never, null as never, 3], filters: 2, kernelSize: 2 })
    const model = kernels.tf.sequential({ layers: [layer] })
    await expect(compileInference(model, kernels, signatureOf(model))).rejects.toThrow(/free in the batch size only/)
  })
})
