/** Opt-in, where Python Keras is installed: what we write, it loads, and answers the same. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { readKerasH5, toLayersModel, toModelArtifact, writeKerasArchive, writeKerasH5 } from '@maas/core/formats'
import { type Kernels, loadKernels } from '@maas/core/kernels'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { kerasFixture, kerasFixtures } from '../../support/keras-fixtures.ts'
import { findTools } from '../../tools/sets.mjs'

const tools = findTools('keras')
if (!tools) console.warn('skipped: Python Keras is not installed; npm run tools -- keras')

/** Not readable here, so there is nothing to write. */
const unread = new Set([
  'lambda',
  'custom',
  'text_vectorization_adapted',
  'mask_bidirectional_sequences',
  'mask_mha_cross',
  'mask_add',
])
/** Cannot be said in a .h5 file that Keras 3 reads. */
const unwritten = new Set(['layer_normalization_axes', 'ops_arithmetic', 'ops_keras', 'twice_operation'])
const tolerances: Readonly<Record<string, number>> = { float16: 2e-3, mixed_policy: 2e-3, bfloat16: 1e-2 }

let kernels: Kernels
let folder: string
beforeAll(async () => {
  kernels = await loadKernels({ announce: (line) => console.warn(line) })
  folder = await mkdtemp(join(tmpdir(), 'keras-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe.runIf(tools)('Python Keras 3', () => {
  it('loads every model that we write and answers as it did', { timeout: 900_000 }, async () => {
    const names = [...(await kerasFixtures(3)).keys()]
      .filter((name) => name.endsWith('.h5'))
      .map((name) => name.slice(0, -3))
    for (const name of names.filter((one) => !unread.has(one))) {
      const options = { name, readHdf5: readHdf5Here }
      const { artifact, preprocess } = await readKerasH5(await kerasFixture(3, `${name}.h5`), options)
      // What takes texts is done before the model, so its file would take other inputs than Keras' answers are for.
      if (preprocess) continue
      const model = await toLayersModel(artifact, kernels)
      const known = toModelArtifact(model)
      model.dispose()
      if (unwritten.has(name)) {
        await expect(writeKerasH5(known)).rejects.toMatchObject({ code: 'unsupported' })
        await expect(writeKerasArchive(known)).rejects.toMatchObject({ code: 'unsupported' })
      } else {
        await writeFile(join(folder, `${name}.h5`), await writeKerasH5(known))
        await writeFile(join(folder, `${name}.keras`), await writeKerasArchive(known))
        await writeFile(join(folder, `${name}.json`), await kerasFixture(3, `${name}.json`))
      }
    }
    const python = join(tools ?? '', 'bin', 'python')
    const { stdout } = await promisify(execFile)(python, ['test/fixtures/keras/check.py', folder], { maxBuffer: 1e8 })
    const results: Record<string, number | string> = JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}')
    expect(Object.keys(results).length).toBeGreaterThan(300)
    const wrong = Object.entries(results).filter(
      ([file, result]) => !(Number(result) <= (tolerances[file.replace(/\.\w+$/, '')] ?? 1e-5)),
    )
    expect(wrong).toEqual([])
  })
})
