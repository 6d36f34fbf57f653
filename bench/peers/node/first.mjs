// Peer: a fresh Node process that loads the model with onnxruntime-node, answers once and says so.
// @ts-check
import { readFileSync } from 'node:fs'
import { loadModel, versionsOf } from './model.mjs'
import { say } from './protocol.mjs'

const directory = /** @type {string} */ (process.argv[2])
const call = await loadModel(directory)
const file = readFileSync(`${directory}/predict.f32`).subarray(0, 3072 * 4)
const outputs = await call(new Float32Array(Uint8Array.from(file).buffer), 1)
say({ ready: versionsOf(['onnxruntime-node']), outputs: [...outputs] })
process.exit(0)
