/** The check function's programs as they are deployed: alone in a folder without node_modules, they vet a model. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { folders } from '../../../functions/check/folder.ts'
import { childRunner } from '../../../functions/check/run.ts'
import { bundle, checkPrograms } from '../../../infra/bundle.ts'
import { findNative } from '../../../layers/core/kernels/find.ts'
import { kerasFixture } from '../../support/keras-fixtures.ts'

const { found } = await findNative(process.env)
if (found === undefined) console.warn('SKIPPED: native kernels are not built: npm run build:kernels')

describe.skipIf(found === undefined)('the staged check', () => {
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'staged-check-'))
    for (const [name, entry] of Object.entries(checkPrograms)) await bundle(entry, join(directory, `${name}.mjs`))
  })
  afterAll(() => rm(directory, { recursive: true, force: true }))

  const vet = async (bytes: Uint8Array, path = 'model.h5') => {
    const run = await mkdtemp(join(directory, 'run-'))
    const place = folders(run)
    await mkdir(place.files)
    await writeFile(join(place.files, path), bytes)
    const file = { path, size: bytes.length, sha256: '0'.repeat(64) }
    await writeFile(place.request, JSON.stringify({ model: 'm', files: [file] }))
    const kernels = found?.directory
    expect(await childRunner({ entry: join(directory, 'vet.mjs'), kernels }).run('vet', run)).toBeUndefined()
    return { verdict: JSON.parse(await readFile(place.result, 'utf8')), candidate: place.candidate }
  }

  it.each(['h5', 'keras'])('vets a Keras .%s with nothing installed beside it', async (extension) => {
    const { verdict, candidate } = await vet(await kerasFixture(3, `cnn.${extension}`), `model.${extension}`)
    expect(verdict.error).toBeUndefined()
    expect(verdict.certificate).toMatchObject({ passed: true, mode: 'compiled' })
    expect((await readdir(candidate)).sort()).toEqual([...verdict.files].sort())
  })

  it.each([
    ['a SavedModel', 'cnn.zip'],
    ['a TF.js graph model', 'cnn-tfjs.zip'],
    ['a TF.js layers model', 'layers-tfjs.zip'],
  ])('vets %s, whose reader it brings along', async (_, name) => {
    const { verdict } = await vet(await readFile(join('test/fixtures/graphs', name)), name)
    expect(verdict.error).toBeUndefined()
    expect(verdict.certificate).toMatchObject({ passed: true })
  })

  it('refuses a file that is none', async () => {
    const { verdict } = await vet(Buffer.from('no model'))
    expect(verdict).toMatchObject({ files: [], error: { code: expect.any(String) } })
  })
})
