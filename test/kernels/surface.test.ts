/** The native library computes, and what core makes in it is given back. */
import { describe, expect, it } from 'vitest'
import { nativeKernels } from './native.ts'

describe('native kernels', () => {
  it('name themselves for lineage', async (context) => {
    const { backend, version, id } = await nativeKernels(context)
    expect(backend).toBe('tensorflow')
    expect(id).toBe(`tensorflow-${version}-${process.arch}`)
  })

  it('compute a convolution and a matrix product', async (context) => {
    const { tf } = await nativeKernels(context)
    tf.tidy(() => {
      const image = tf.range(1, 10).reshape([1, 3, 3, 1]) as ReturnType<typeof tf.tensor4d>
      expect(tf.conv2d(image, tf.ones([2, 2, 1, 1]), 1, 'valid').dataSync()).toEqual(Float32Array.of(12, 16, 24, 28))
      expect(tf.matMul([[1, 2]], [[3], [4]]).dataSync()).toEqual(Float32Array.of(11))
    })
  })

  it('train a small net without leaving tensors behind', async (context) => {
    const { tf, native } = await nativeKernels(context)
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    })
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' })
    const [x, y] = [tf.randomUniform([32, 8, 8, 3]), tf.oneHot(tf.tensor1d(Array(32).fill(1), 'int32'), 2)]
    const step = async () =>
      (await model.fit(x, y, { epochs: 1, batchSize: 8, verbose: 0 })).history.loss?.[0] as number
    const first = await step()
    const before = native.counters().tensors
    for (let round = 0; round < 5; round++) await step()
    expect(native.counters().tensors).toBe(before)
    expect(await step()).toBeLessThan(first)
  })
})

describe('the surface under tfjs', () => {
  it('runs an operation on handles', async (context) => {
    const { native } = await nativeKernels(context)
    const { dtypes, attrTypes } = native
    const before = native.counters().tensors
    const inputs = [1, 10].map((value) => native.createTensor([2], dtypes.float32, Float32Array.of(value, value + 1)))
    const type = { name: 'T', type: attrTypes.type, value: dtypes.float32 }
    const [sum] = native.executeOp('AddV2', [type], inputs, 1)
    expect(sum).toMatchObject({ shape: [2], dtype: dtypes.float32 })
    const id = sum?.id as number
    expect(native.tensorDataSync(id)).toEqual(Float32Array.of(11, 13))
    for (const each of [...inputs, id]) native.deleteTensor(each)
    expect(native.counters().tensors).toBe(before)
  })

  it('moves tensors between handles and tfjs', async (context) => {
    const { tf, native } = await nativeKernels(context)
    const id = native.createTensor([3], native.dtypes.int32, Int32Array.of(4, 5, 6))
    const tensor = native.adopt({ id, shape: [3], dtype: native.dtypes.int32 })
    expect(native.handleOf(tensor)).toBe(id)
    expect(tf.sum(tensor).arraySync()).toBe(15)
    tensor.dispose()
    expect(() => native.tensorDataSync(id)).toThrow()
  })

  it('reads bytes back as they were written', async (context) => {
    const { native } = await nativeKernels(context)
    const id = native.createTensor([2, 2], native.dtypes.uint8, Uint8Array.of(0, 1, 128, 255))
    expect(native.tensorDataSync(id)).toEqual(Uint8Array.of(0, 1, 128, 255))
    native.deleteTensor(id)
  })

  it('says what is wrong with a SavedModel that is not there', async (context) => {
    const { native } = await nativeKernels(context)
    expect(() => native.loadSavedModel('/nowhere')).toThrow(/Failed to load SavedModel/)
    expect(native.counters().savedModels).toBe(0)
  })
})
