/** SavedModels and TF.js models of real TensorFlow and tensorflowjs, read or refused in a process of their own. */
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isGraph, readModel, signatureOfGraph } from '@maas/core/formats'
import { strToU8, unzipSync, zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const fixture = (name: string): string => fileURLToPath(new URL(`../../../fixtures/graphs/${name}`, import.meta.url))

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maas-graphs-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const stored = async (name: string, bytes: Uint8Array): Promise<string> => {
  const path = join(folder, name)
  await writeFile(path, bytes)
  return path
}

const unpacked = async (name: string): Promise<Record<string, Uint8Array>> => unzipSync(await readFile(fixture(name)))

describe('readModel of a graph', () => {
  it('reads the signature of a SavedModel with two inputs and outputs', async () => {
    const { artifact, report } = await readModel(fixture('two.zip'))
    expect(report.source).toBe('TensorFlow SavedModel')
    expect(isGraph(artifact) && signatureOfGraph(artifact)).toEqual({
      inputs: [
        { name: 'a', dtype: 'float32', shape: [-1, 4] },
        { name: 'b', dtype: 'float32', shape: [-1, 6] },
      ],
      outputs: [
        { name: 'probability', dtype: 'float32', shape: [-1, 1] },
        { name: 'sum', dtype: 'float32', shape: [-1, 2] },
      ],
    })
  })

  it('reads the same graph from a folder and from a zip', async () => {
    const place = join(folder, 'saved')
    await mkdir(join(place, 'variables'), { recursive: true })
    for (const [path, bytes] of Object.entries(await unpacked('cnn.zip'))) await writeFile(join(place, path), bytes)
    const [a, b] = [await readModel(place), await readModel(fixture('cnn.zip'))]
    expect(a.artifact).toEqual(b.artifact)
  })

  it.each([
    ['reads-file.zip', /ReadFile .*reads or writes files/],
    ['writes-file.zip', /WriteFile .*of function .*reads or writes files/],
    ['reads-in-loop.zip', /ReadFile \(node while\/ReadFile of function while_body/],
    ['runs-python.zip', /PyFunc .*runs Python code/],
    ['reads-table-file.zip', /InitializeTableFromTextFileV2/],
  ])('refuses %s by the name of its operation, with a way forward', async (name, message) => {
    const refused = readModel(fixture(name))
    await expect(refused).rejects.toMatchObject({ code: 'unsupported', message: expect.stringMatching(message) })
    await expect(refused).rejects.toThrow(/bring it as \.h5 or \.keras/)
  })

  it('reads again what it made of a SavedModel with variables, which a version is exported as', async () => {
    const { artifact } = await readModel(fixture('cnn.zip'))
    if (!isGraph(artifact)) throw new Error('the fixture is no graph')
    const exported = { 'saved_model.pb': artifact.graph }
    const again = await readModel(await stored('exported.zip', zipSync(exported)))
    expect(isGraph(again.artifact) && signatureOfGraph(again.artifact)).toEqual(signatureOfGraph(artifact))
    const original = { 'saved_model.pb': (await unpacked('cnn.zip'))['saved_model.pb'] as Uint8Array }
    await expect(readModel(await stored('bare.zip', zipSync(original)))).rejects.toThrow('variables.index')
  })

  it('refuses variables whose checksum does not fit', async () => {
    const files = await unpacked('cnn.zip')
    const data = 'variables/variables.data-00000-of-00001'
    const damaged = (files[data] as Uint8Array).slice()
    // Within a variable; the graph of Python's objects, which takes the rest of this file, is not read.
    damaged[2000] = (damaged[2000] as number) ^ 1
    const path = await stored('flipped.zip', zipSync({ ...files, [data]: damaged }))
    await expect(readModel(path)).rejects.toMatchObject({
      code: 'invalid_input',
      message: /checksum of .* does not fit/,
    })
  })
})

describe('readModel of a hostile archive', () => {
  it.each([
    ['a path that points outside', { '../../saved_model.pb': strToU8('x') }, /points outside/],
    ['no model', { 'readme.txt': strToU8('x') }, /none of saved_model.pb/],
    ['two models', { 'a/model.json': strToU8('{}'), 'b/model.json': strToU8('{}') }, /several models/],
  ])('refuses %s', async (_, files, message) => {
    const path = await stored('hostile.zip', zipSync(files))
    await expect(readModel(path)).rejects.toMatchObject({ code: 'invalid_input', message })
  })

  it('refuses a zip bomb before it is unpacked', async () => {
    const path = await stored('bomb.zip', zipSync({ 'saved_model.pb': new Uint8Array(50_000_000) }, { level: 9 }))
    await expect(readModel(path, { maxBytes: 10_000_000 })).rejects.toMatchObject({ code: 'too_large' })
  })

  it('ends a reader that takes more memory than it may, and says so', async () => {
    await expect(readModel(fixture('cnn.zip'), { memory: 1024 ** 2 })).rejects.toMatchObject({
      code: 'too_large',
      message: /more than 1 MiB of memory/,
    })
  })

  it('follows no link out of a folder', async () => {
    const secret = await stored('secret', strToU8('secret'))
    const place = join(folder, 'linked')
    await mkdir(place)
    await symlink(secret, join(place, 'saved_model.pb'))
    await expect(readModel(place)).rejects.toMatchObject({
      code: 'invalid_input',
      message: /a link, which is not followed/,
    })
  })

  it.each([0.1, 0.5, 0.9])('refuses a file cut off after %f of it', async (part) => {
    const bytes = await readFile(fixture('cnn.zip'))
    const path = await stored('cut.zip', bytes.subarray(0, Math.floor(bytes.length * part)))
    await expect(readModel(path)).rejects.toMatchObject({ code: 'invalid_input' })
  })
})

describe('readModel of a TF.js layers model', () => {
  it('joins shards, and reads model.json with its weights beside it', async () => {
    const place = join(folder, 'layers')
    await mkdir(place)
    for (const [path, bytes] of Object.entries(await unpacked('layers-tfjs.zip')))
      await writeFile(join(place, path), bytes)
    const [a, b] = [await readModel(join(place, 'model.json')), await readModel(fixture('layers-tfjs.zip'))]
    expect(a).toEqual(b)
    expect(!isGraph(a.artifact) && a.artifact.weights.length).toBe(8)
  })

  it('says that weights were quantised', async () => {
    const { report } = await readModel(fixture('layers-uint8.zip'))
    expect(report.notes).toEqual(['weights were stored as uint8; they are decoded as TF.js does it'])
  })
})
