// Stock TF.js, as a browser has it, in a process that never saw our layers: loads folders of layers models and predicts.
// Reads {folder: inputs} as JSON from a file, prints {folder: outputs} as its last line.
// @ts-check
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as tf from '@tensorflow/tfjs'

/** @typedef {{ shape: number[], dtype: string, data: number[] }} Plain */

/** @param {string} folder */
const artifacts = (folder) => {
  const { modelTopology, weightsManifest } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'))
  const shards = weightsManifest.flatMap((/** @type {{ paths: string[] }} */ { paths }) =>
    paths.map((path) => readFileSync(join(folder, path))),
  )
  return {
    modelTopology,
    weightSpecs: weightsManifest.flatMap((/** @type {{ weights: [] }} */ { weights }) => weights),
    weightData: new Uint8Array(Buffer.concat(shards)).buffer,
  }
}

/** @type {Record<string, Plain[] | string>} */
const answers = {}
for (const [folder, inputs] of Object.entries(JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')))) {
  try {
    const model = await tf.loadLayersModel({ load: async () => artifacts(folder) })
    const feeds = /** @type {Plain[]} */ (inputs).map(({ shape, dtype, data }) =>
      tf.tensor(data, shape, dtype.startsWith('int') ? 'int32' : 'float32'),
    )
    const found = model.predict(feeds.length === 1 ? /** @type {tf.Tensor} */ (feeds[0]) : feeds)
    answers[folder] = (Array.isArray(found) ? found : [found]).map((tensor) => ({
      shape: tensor.shape,
      dtype: tensor.dtype,
      data: [...tensor.dataSync()],
    }))
  } catch (error) {
    answers[folder] = String(error)
  }
}
console.log(JSON.stringify(answers))
