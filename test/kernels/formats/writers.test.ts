/** What is written for TF.js stock TF.js reads, and what is written as a SavedModel runs: both answer as Keras did. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { NamedTensors } from '@maas/core/contract'
import {
  type ModelArtifact,
  modelWriters,
  readKerasH5,
  readModel,
  requireLayers,
  type WriterDeps,
  writeModel,
} from '@maas/core/formats'
import { compileInference } from '@maas/core/graph'
import { createPredictor } from '@maas/core/predict'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import {
  difference,
  type ExpectedTensor,
  expectedOf,
  kerasFixture,
  kerasFixtures,
  tutorial,
} from '../../support/keras-fixtures.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'writers-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const depsOf = (kernels: NativeKernels): WriterDeps => ({ kernels: async () => kernels, compile: compileInference })

/** Models that can be read and take numbers, by name. */
const models = async (): Promise<Map<string, ModelArtifact>> => {
  const found = new Map<string, ModelArtifact>()
  for (const file of (await kerasFixtures(3)).keys()) {
    if (!file.endsWith('.h5')) continue
    const name = file.slice(0, -3)
    const read = await readKerasH5(await kerasFixture(3, file), { name, readHdf5: readHdf5Here }).catch(() => undefined)
    if (read && !read.preprocess) found.set(name, read.artifact)
  }
  return found
}

/** Computed in float32 here, in half precision where they come from. */
const half = new Set(['float16', 'mixed_policy', 'bfloat16'])

describe('the TF.js writer', () => {
  it('writes what stock TF.js reads and answers as Keras, or refuses it by name', async (context) => {
    const deps = depsOf(await nativeKernels(context))
    const tasks: Record<string, readonly ExpectedTensor[]> = {}
    const refused = new Map<string, string>()
    for (const [name, artifact] of await models()) {
      try {
        const files = await modelWriters.tfjs.writeFolder(artifact, deps)
        await mkdir(join(folder, name))
        for (const [path, bytes] of Object.entries(files)) await writeFile(join(folder, name, path), bytes)
        tasks[join(folder, name)] = (await expectedOf(3, name)).inputs
      } catch (error) {
        refused.set(name, (error as Error).message)
      }
    }
    const task = join(folder, 'task.json')
    await writeFile(task, JSON.stringify(tasks))
    const program = fileURLToPath(new URL('../../support/stock-tfjs.mjs', import.meta.url))
    const { stdout } = await promisify(execFile)(process.execPath, [program, task], { maxBuffer: 1e8 })
    const answers: Record<string, readonly ExpectedTensor[] | string> = JSON.parse(
      stdout.trim().split('\n').at(-1) ?? '{}',
    )
    const wrong: unknown[] = []
    for (const [place, answer] of Object.entries(answers)) {
      const name = place.slice(folder.length + 1)
      const { outputs } = await expectedOf(3, name)
      const apart =
        typeof answer === 'string'
          ? answer
          : Math.max(...outputs.map((output, i) => difference(answer[i] as ExpectedTensor, output)))
      if (!(Number(apart) <= (half.has(name) ? 1e-2 : 1e-5))) wrong.push([name, apart])
    }
    expect(wrong).toEqual([])
    expect(Object.keys(answers).length).toBeGreaterThan(115)
    for (const why of refused.values()) expect(why).toMatch(/^cannot be written for TF.js: /)
  })
})

describe('writeModel', () => {
  it.for([
    ['tfjs', 'model'],
    ['tfjs', 'model.json'],
    ['tfjs', 'model.zip'],
    ['savedmodel', 'saved'],
    ['savedmodel', 'saved.tar.gz'],
  ] as const)(
    'writes the tutorial’s model as %s to %s, which reads back and answers as Keras',
    async ([format, path], context) => {
      const kernels = await nativeKernels(context)
      const { file, images, predictions } = await tutorial()
      const { artifact } = await readKerasH5(file('h5'), { name: 'model.h5', readHdf5: readHdf5Here })
      const place = join(folder, `${format}-${path}`)
      const bytes = await writeModel(place, format, artifact, depsOf(kernels))
      expect(bytes).toBeGreaterThan(path.endsWith('.gz') ? 300_000 : 670_248)
      const back = await readModel(place)
      const predictor = await createPredictor({ name: 'back', version: 1, artifact: back.artifact }, kernels)
      const [input] = predictor.model.signature.inputs
      const data = Float32Array.from(images.flat(3))
      const tensors: NamedTensors = {
        [input?.name ?? '']: { dtype: 'float32', shape: [images.length, 32, 32, 3], data },
      }
      const { outputs } = await predictor.predict({ kind: 'tensors', tensors })
      predictor.dispose()
      const [output] = Object.values(outputs)
      const wanted = { shape: [images.length, 10], dtype: 'float32', data: predictions.flat() }
      const got = { shape: output?.shape ?? [], data: output?.data as Float32Array }
      expect(difference(got, wanted)).toBeLessThanOrEqual(1e-5)
      expect(difference({ ...got, data: got.data.map((value) => value * 1.001) }, wanted)).toBeGreaterThan(1e-5)
    },
  )

  it('leaves a folder alone that is there already, and nothing of its own', async (context) => {
    const deps = depsOf(await nativeKernels(context))
    const { artifact } = await readKerasH5(await kerasFixture(3, 'dense_3d.h5'), { name: 'x', readHdf5: readHdf5Here })
    const inside = join(folder, 'inside')
    await mkdir(join(inside, 'taken'), { recursive: true })
    await writeFile(join(inside, 'taken', 'notes.txt'), 'mine')
    await expect(writeModel(join(inside, 'taken'), 'tfjs', artifact, deps)).rejects.toMatchObject({ code: 'conflict' })
    await expect(writeModel(join(inside, 'model.zip'), 'h5', artifact, deps)).rejects.toThrow('h5 is one file')
    expect(await readdir(inside, { recursive: true })).toEqual(['taken', 'taken/notes.txt'])
    expect(await readFile(join(inside, 'taken', 'notes.txt'), 'utf8')).toBe('mine')
  })

  it('refuses weights over 2 GiB, and layers of a model that has none', async (context) => {
    const deps = depsOf(await nativeKernels(context))
    const weight = {
      name: 'a/w',
      shape: [2 ** 29],
      dtype: 'float32',
      data: { byteLength: 2 ** 31 } as Uint8Array,
    } as const
    const large: ModelArtifact = { topology: {}, weights: [weight] }
    for (const format of ['h5', 'keras', 'tfjs', 'savedmodel'] as const) {
      await expect(writeModel(join(folder, 'large'), format, large, deps)).rejects.toThrow(
        /take 2147483648 bytes; exports hold at most/,
      )
    }
    const graph = { graph: new Uint8Array(3) }
    expect(() => requireLayers(graph, 'written')).toThrow('the model is a graph')
    await expect(writeModel(join(folder, 'graph.h5'), 'h5', graph, deps)).rejects.toThrow('not written as Keras .h5')
  })
})
