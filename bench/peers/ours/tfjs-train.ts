/** Peer: `model.fit` of stock tfjs-layers, on the same native kernels as ours. */
import { readFileSync } from 'node:fs'
import { serve } from '../node/protocol.mjs'
import { benchKernels, readModel, versionsOf } from './model.ts'

const [, , directory = '', net] = process.argv
const kernels = await benchKernels()
const { tf } = kernels
const model = await readModel(directory, kernels, net)
const [height = 0, width = 0] = model.inputs[0]?.shape.slice(1).map(Number) ?? []
model.compile({ optimizer: tf.train.adam(0.001), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
const pixels = readFileSync(`${directory}/train.u8`)
const size = height * width * 3
const images = Math.min(Math.floor(pixels.length / size), 6400)
const x = tf.tidy(() =>
  tf.div(tf.tensor4d(pixels.subarray(0, images * size), [images, height, width, 3], 'float32'), 255),
)
const labels = new Int32Array(Uint8Array.from(readFileSync(`${directory}/train.i32`)).buffer)
const y = tf.tensor1d(Float32Array.from(labels), 'float32')

async function train({ steps, batch }: { readonly steps: number; readonly batch: number }) {
  const count = steps * batch
  const [xs, ys] = [tf.slice(x, 0, count), tf.slice(y, 0, count)]
  const start = performance.now()
  await model.fit(xs, ys, { batchSize: batch, epochs: 1, verbose: 0 })
  const seconds = (performance.now() - start) / 1000
  tf.dispose([xs, ys])
  return { images: count, seconds }
}

await serve({ ...versionsOf(kernels), tfjs: tf.version_core }, { train })
