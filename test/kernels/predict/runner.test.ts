/** How a served model runs: compiled where it can be, and said aloud where it cannot. */
import { signatureOf } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import { describe, expect, it } from 'vitest'
import { runLayers } from '../../../layers/core/predict/eager.ts'
import { createRunner } from '../../../layers/core/predict/runner.ts'
import { nativeKernels } from '../native.ts'

const convNet = ({ tf }: Kernels, side: number | null) =>
  tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [side, side, 3], filters: 4, kernelSize: 3, activation: 'relu' }),
      tf.layers.globalAveragePooling2d({}),
      tf.layers.dense({ units: 3, activation: 'softmax' }),
    ],
  })

const distance = (a: Float32Array, b: Float32Array): number =>
  Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) / Math.max(...a.map(Math.abs))

describe('createRunner', () => {
  const data = Float32Array.from({ length: 5 * 8 * 8 * 3 }, (_, i) => Math.sin(i))

  it('gives the numbers of the layers model, from a graph that no longer needs it', async (context) => {
    const kernels = await nativeKernels(context)
    const { tf } = kernels
    const layers = convNet(kernels, 8)
    const signature = signatureOf(layers)
    const [input = '', output = ''] = [signature.inputs[0]?.name, signature.outputs[0]?.name]
    const tensors = { [input]: { dtype: 'float32' as const, shape: [5, 8, 8, 3], data } }
    const eager = runLayers(layers, signature, tensors, kernels)[output]?.data as Float32Array
    const said: string[] = []
    const runner = await createRunner(layers, signature, kernels, { announce: (line) => said.push(line) })
    const before = tf.memory().numTensors
    const compiled = (await runner.run(tensors))[output]?.data as Float32Array
    expect(distance(eager, compiled)).toBeLessThanOrEqual(1e-5)
    expect(said).toEqual([])
    expect(tf.memory().numTensors).toBe(before)
    const moved = { [input]: { ...tensors[input], data: data.map((value) => value + 0.1) } }
    const other = (await runner.run(moved as typeof tensors))[output]?.data as Float32Array
    expect(distance(eager, other)).toBeGreaterThan(1e-5)
    runner.dispose()
  })

  it('runs a model of any image size operation by operation, and says so', async (context) => {
    const kernels = await nativeKernels(context)
    const layers = convNet(kernels, null)
    const signature = signatureOf(layers)
    const said: string[] = []
    const runner = await createRunner(layers, signature, kernels, { announce: (line) => said.push(line) })
    const input = signature.inputs[0]?.name ?? ''
    const answer = await runner.run({ [input]: { dtype: 'float32', shape: [5, 8, 8, 3], data } })
    expect(Object.values(answer)[0]?.shape).toEqual([5, 3])
    expect(said).toEqual([expect.stringContaining('operation by operation')])
    runner.dispose()
  })
})
