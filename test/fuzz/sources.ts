/** The model files that are damaged: a few of each format, out of the committed fixtures. */
import { createReadStream } from 'node:fs'
import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createBrotliDecompress } from 'node:zlib'
import tarStream from 'tar-stream'

const fixtures = fileURLToPath(new URL('../fixtures/', import.meta.url))

/** In Keras 3's archive of fixtures; plain float32, so that each weight must stand in the file as it is. */
const keras = ['cnn', 'lstm', 'functional_residual'] as const

/** SavedModels, TF.js graph models and layers models; none of those that are refused as they are, and none quantised. */
const graphs = ['cnn', 'lookup', 'two', 'lstm', 'cnn-tfjs', 'lstm-tfjs', 'layers-tfjs']

/** Paths of the files, those of Keras unpacked into `folder`. */
export const fuzzSources = async (folder: string, kerasNames: readonly string[] = keras): Promise<string[]> => {
  const unpacked: string[] = []
  const extract = tarStream.extract()
  createReadStream(join(fixtures, 'keras/keras3.tar.br')).pipe(createBrotliDecompress()).pipe(extract)
  for await (const entry of extract) {
    const { name } = entry.header
    if (kerasNames.some((wanted) => name === `${wanted}.h5` || name === `${wanted}.keras`)) {
      const chunks: Buffer[] = []
      for await (const chunk of entry) chunks.push(chunk as Buffer)
      await writeFile(join(folder, name), Buffer.concat(chunks))
      unpacked.push(join(folder, name))
    } else entry.resume()
  }
  const known = await readdir(join(fixtures, 'graphs'))
  return [
    ...unpacked.sort(),
    ...graphs.filter((name) => known.includes(`${name}.zip`)).map((name) => join(fixtures, 'graphs', `${name}.zip`)),
  ]
}
