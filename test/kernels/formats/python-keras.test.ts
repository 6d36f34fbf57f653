/** Opt-in, where Python Keras is installed: what we write, Keras and TensorFlow load, and answer the same. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type ModelArtifact,
  readKerasH5,
  signatureOf,
  toLayersModel,
  toModelArtifact,
  writeKerasArchive,
  writeKerasH5,
  writeModel,
} from '@maas/core/formats'
import { compileInference } from '@maas/core/graph'
import { loadModel } from 'maas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { expectedOf, kerasFixture, kerasFixtures, tutorial } from '../../support/keras-fixtures.ts'
import { findPython, runPython } from '../../support/python.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

const python = findPython('keras', 'what Python Keras makes of our files')
/** Every model takes minutes: `MAAS_TEST_EVERY=1`. Else one in eight is tried, the next ones in the next part. */
const parts = 8
const tried = process.env.MAAS_TEST_EVERY === '1' ? parts : 1

/** Not readable here, so there is nothing to write. */
const unread = new Set([
  ...['lambda', 'custom', 'text_vectorization_adapted', 'spectral_norm_embedding'],
  ...['ops_initial', 'bidirectional_backward_other', 'conv3d_dilated'],
])
/** Cannot be said in a .h5 file that Keras 3 reads. */
const unwritten = new Set([
  ...['layer_normalization_axes', 'mask_add', 'mask_attention_pooled', 'twice_operation'],
  ...['ops_arithmetic', 'ops_keras', 'ops_integers'],
  ...['ops_binary_logic', 'ops_reduction_shape', 'ops_unary_activation'],
  ...['normalization_user_images', 'user_layer_norm_axes', 'user_bool_input', 'user_constants', 'user_llama'],
  ...['user_bigru_attention_pooling', 'user_masked_concatenate', 'user_masked_maximum', 'user_masked_minimum_half'],
  ...['user_masked_operation', 'user_padding_mask', 'user_positions', 'user_siamese', 'user_slices', 'user_split'],
  ...['user_ops_activations', 'user_ops_images', 'user_ops_pointwise', 'user_ops_products', 'user_ops_selection'],
  ...['user_ops_shapes', 'user_ops_statistics'],
])
const tolerances: Readonly<Record<string, number>> = { float16: 2e-3, mixed_policy: 2e-3, bfloat16: 1e-2 }

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'keras-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** All formats of one model in the folder, with what is expected of them; the SavedModel where it can be compiled. */
const writeAll = async (into: string, name: string, artifact: ModelArtifact, kernels: NativeKernels) => {
  const model = await toLayersModel(artifact, kernels)
  const known = toModelArtifact(model)
  const { inputs, outputs } = signatureOf(model)
  model.dispose()
  const names = { inputNames: inputs.map((one) => one.name), outputNames: outputs.map((one) => one.name) }
  await writeFile(join(into, `${name}.json`), JSON.stringify({ ...(await expectedOf(3, name)), ...names }))
  if (unwritten.has(name)) {
    await expect(writeKerasH5(known)).rejects.toMatchObject({ code: 'unsupported' })
    await expect(writeKerasArchive(known)).rejects.toMatchObject({ code: 'unsupported' })
  } else {
    await writeFile(join(into, `${name}.h5`), await writeKerasH5(known))
    await writeFile(join(into, `${name}.keras`), await writeKerasArchive(known))
  }
  const deps = { kernels: async () => kernels, compile: compileInference }
  return writeModel(join(into, `${name}.savedmodel`), 'savedmodel', known, deps).then(
    () => [],
    (error: Error) => [`${name}: ${error.message}`],
  )
}

/** The tutorial's model as Keras saved it, loaded and saved again by the SDK. */
const saveTutorial = async (into: string): Promise<void> => {
  const { file, images, predictions } = await tutorial()
  await writeFile(join(into, 'model.h5'), file('h5'))
  const model = await loadModel(join(into, 'model.h5'))
  await model.save(join(into, 'tutorial.h5'))
  await model.save(join(into, 'tutorial.keras'))
  await model.save(join(into, 'tutorial.savedmodel'), { format: 'savedmodel' })
  const { inputs, outputs } = model.signature
  await model.dispose()
  await rm(join(into, 'model.h5'))
  const tensor = (shape: number[], data: number[]) => ({ shape, dtype: 'float32', data })
  const expected = {
    inputs: [tensor([images.length, 32, 32, 3], images.flat(3))],
    outputs: [tensor([images.length, 10], predictions.flat())],
    inputNames: inputs.map(({ name }) => name),
    outputNames: outputs.map(({ name }) => name),
  }
  await writeFile(join(into, 'tutorial.json'), JSON.stringify(expected))
}

/** Graphs that our kernels compute and those of TensorFlow from PyPI do not, with what it says. */
const onlyHere: Readonly<Record<string, string>> = {
  'depthwise_conv2d_dilated.savedmodel': 'UnimplementedError',
}

/** By check.py: text where the file was not even loaded. */
type Checked = string | Record<'difference' | 'otherInputs' | 'movedWeights', number | null>

const toleranceOf = (file: string): number => tolerances[file.replace(/\.\w+$/, '')] ?? 1e-5

/** Agrees, and would not with other weights or on other inputs. */
const isRight = ([file, checked]: readonly [string, Checked]): boolean => {
  const known = onlyHere[file]
  if (known !== undefined) return typeof checked === 'string' && checked.startsWith(known)
  if (typeof checked === 'string') return false
  const { difference, otherInputs, movedWeights } = checked
  const allowed = toleranceOf(file)
  const rejected = [otherInputs, movedWeights].every((far) => far === null || far > allowed)
  return difference !== null && difference <= allowed && rejected
}

describe.runIf(python)('Python Keras 3 and TensorFlow', () => {
  it.for(Array.from({ length: tried }, (_, part) => part))(
    'load every model that we write and answer as Keras did, part %i',
    { timeout: 600_000 },
    async (part, context) => {
      const kernels = await nativeKernels(context)
      const into = join(folder, String(part))
      await mkdir(into)
      const names = [...(await kerasFixtures(3)).keys()]
        .filter((name) => name.endsWith('.h5'))
        .map((name) => name.slice(0, -3))
        .filter((name, at) => at % parts === part && !unread.has(name))
      const refused: string[] = []
      for (const name of names) {
        const options = { name, readHdf5: readHdf5Here }
        const { artifact, preprocess } = await readKerasH5(await kerasFixture(3, `${name}.h5`), options)
        // What takes texts is done before the model, so its file would take other inputs than Keras' answers are for.
        if (!preprocess) refused.push(...(await writeAll(into, name, artifact, kernels)))
      }
      if (part === 0) await saveTutorial(into)
      const program = ['test/fixtures/keras/check.py', into]
      const results = await runPython<Record<string, Checked>>(python ?? '', program)
      expect(Object.entries(results).filter((result) => !isRight(result))).toEqual([])
      for (const why of refused) expect(why).toContain('cannot be written as a SavedModel: ')
      expect(Object.keys(results).length).toBeGreaterThan(60)
      console.log(
        `part ${part}: ${Object.keys(results).length} files agree; no SavedModel: ${refused.join('; ') || 'none'}`,
      )
    },
  )
})
