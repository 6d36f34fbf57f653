/** Ours: a Keras `.h5` from the file to a model with its weights in place. */
import { writeFile } from 'node:fs/promises'
import { type ModelArtifact, readModel, requireLayers, toLayersModel, writeKerasH5 } from '@maas/core/formats'
import type { Tensor } from '@tensorflow/tfjs-core'
import { serve } from '../node/protocol.mjs'
import { benchKernels, versionsOf } from './model.ts'

const kernels = await benchKernels()

/** Dense layers of `units` x `units` numbers that no compression could shorten; another model for each seed. */
const denseModel = (units: number, layers: number, seed: number): ModelArtifact => {
  const dense = (at: number) => ({
    class_name: 'Dense',
    config: {
      name: `dense_${at}`,
      units,
      activation: 'relu',
      use_bias: false,
      ...(at === 0 && { batch_input_shape: [null, units] }),
    },
  })
  let state = seed
  const noise = (): Uint8Array => {
    const values = new Float32Array(units * units)
    for (let at = 0; at < values.length; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
      values[at] = state / 2 ** 31 / Math.sqrt(units)
    }
    return new Uint8Array(values.buffer)
  }
  const all = Array.from({ length: layers }, (_, at) => at)
  return {
    topology: { class_name: 'Sequential', config: { name: 'large', layers: all.map(dense) } },
    weights: all.map((at) => ({ name: `dense_${at}/kernel`, shape: [units, units], dtype: 'float32', data: noise() })),
  }
}

interface Sizes {
  readonly path: string
  readonly units: number
  readonly layers: number
  readonly seed: number
}

async function make({ path, units, layers, seed }: Sizes) {
  await writeFile(path, await writeKerasH5(denseModel(units, layers, seed)))
  return {}
}

/** What an import does first. */
async function read({ path }: { readonly path: string }) {
  const start = performance.now()
  const { artifact } = await readModel(path)
  return { seconds: (performance.now() - start) / 1000, artifact }
}

/** And then, as Keras does it: the weights into TensorFlow. */
async function load({ path }: { readonly path: string }) {
  const start = performance.now()
  const { artifact } = await read({ path })
  const model = await toLayersModel(requireLayers(artifact, 'loaded'), kernels)
  const seconds = (performance.now() - start) / 1000
  const [units = 0] = model.inputs[0]?.shape.slice(1) ?? []
  const outputs = model.predict(kernels.tf.ones([1, units ?? 0])) as Tensor
  return { seconds, outputs: [...outputs.dataSync()] }
}

await serve(versionsOf(kernels), {
  make,
  load,
  read: async (file: { readonly path: string }) => ({ seconds: (await read(file)).seconds }),
})
