// The bench's model on onnxruntime-node, and the versions the Node peers run.
// @ts-check
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { InferenceSession, Tensor } from 'onnxruntime-node'

/**
 * @param {string} directory
 * @returns {Promise<(pixels: Float32Array, rows: number) => Promise<Float32Array>>}
 */
export async function loadModel(directory) {
  const session = await InferenceSession.create(`${directory}/model.onnx`)
  return async (pixels, rows) => {
    const { output } = await session.run({ input: new Tensor('float32', pixels, [rows, 32, 32, 3]) })
    return /** @type {Float32Array} */ (output?.data)
  }
}

const require = createRequire(import.meta.url)

/** @param {readonly string[]} names @returns {Record<string, string>} */
export function versionsOf(names) {
  const { dependencies } = JSON.parse(readFileSync(require.resolve('./package.json'), 'utf8'))
  return { Node: process.versions.node, ...Object.fromEntries(names.map((name) => [name, dependencies[name]])) }
}
