// Peer: onnxruntime-node, arrays in and arrays out.
// @ts-check
import { readFileSync } from 'node:fs'
import { loadModel, versionsOf } from './model.mjs'
import { serve } from './protocol.mjs'

const directory = /** @type {string} */ (process.argv[2])
const file = readFileSync(`${directory}/predict.f32`)
const inputs = new Float32Array(file.buffer, file.byteOffset, file.byteLength / 4)
const call = await loadModel(directory)

await serve(versionsOf(['onnxruntime-node']), {
  answer: async ({ net, rows }) => {
    if (net !== 'model') return { unavailable: 'only the tutorial’s CNN was written as ONNX' }
    return { outputs: [...(await call(inputs.subarray(0, rows * 3072), rows))] }
  },
  async predict({ batch, calls }) {
    const pixels = inputs.subarray(0, batch * 3072)
    const milliseconds = []
    for (let i = 0; i < calls; i++) {
      const start = performance.now()
      await call(pixels, batch)
      milliseconds.push(performance.now() - start)
    }
    return { milliseconds }
  },
})
