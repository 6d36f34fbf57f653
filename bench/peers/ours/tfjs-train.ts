/** Peer: `model.fit` of stock tfjs-layers, on the same native kernels as ours. */
import { readFileSync } from 'node:fs'
import { serve } from '../node/protocol.mjs'
import { benchKernels, readModel, versionsOf } from './model.ts'

const directory = process.argv[2] ?? ''
const kernels = await benchKernels()
const { tf } = kernels
const model = await readModel(directory, kernels)
model.compile({ optimizer: tf.train.adam(0.001), loss: 'sparseCategoricalCrossentropy', metrics: ['accuracy'] })
const pixels = readFileSync(`${directory}/train.u8`)
const x = tf.tidy(() => tf.div(tf.tensor4d(pixels, [pixels.length / 3072, 32, 32, 3], 'float32'), 255))
const labels = new Int32Array(Uint8Array.from(readFileSync(`${directory}/train.i32`)).buffer)
const y = tf.tensor1d(Float32Array.from(labels), 'float32')

async function train({ steps, batch }: { readonly steps: number; readonly batch: number }) {
  const images = steps * batch
  const [xs, ys] = [tf.slice(x, 0, images), tf.slice(y, 0, images)]
  const start = performance.now()
  await model.fit(xs, ys, { batchSize: batch, epochs: 1, verbose: 0 })
  const seconds = (performance.now() - start) / 1000
  tf.dispose([xs, ys])
  return { images, seconds }
}

await serve({ ...versionsOf(kernels), tfjs: tf.version_core }, { train })
