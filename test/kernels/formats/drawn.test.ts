/** Opt-in (minutes), where Python Keras is installed: layers with options drawn from a seed are exact or refused by name. */
import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { measureKeras, toleranceOf } from '../../support/keras-measure.ts'
import { findPython } from '../../support/python.ts'
import { nativeKernels } from '../native.ts'

const python = findPython('keras', 'layers with options drawn from a seed')
const models = 376

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'drawn-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Takes minutes, so it is for `MAAS_TEST_EVERY=1`. */
describe.runIf(python && process.env.MAAS_TEST_EVERY === '1')('layers with any options', () => {
  it('answer as in Python, or are refused by name; none differs', { timeout: 900_000 }, async (context) => {
    const kernels = await nativeKernels(context)
    const program = ['test/fixtures/keras/generate.py', folder, '--drawn', String(models)]
    await promisify(execFile)(python ?? '', program, { maxBuffer: 1e8 })
    const files = (await readdir(folder)).filter((name) => !name.endsWith('.json')).sort()
    const [wrong, refused]: [unknown[], Map<string, number>] = [[], new Map()]
    for (const name of files) {
      const expected = JSON.parse(await readFile(join(folder, name.replace(/\.\w+$/, '.json')), 'utf8'))
      const measured = await measureKeras({ name, bytes: await readFile(join(folder, name)), expected }, kernels)
      if ('refused' in measured) {
        const why = measured.layers.find(({ status }) => status === 'refused')
        const words = why ? `${why.className}: ${why.why}` : measured.refused
        refused.set(words, (refused.get(words) ?? 0) + 1)
        continue
      }
      const { difference, disturbed = Number.POSITIVE_INFINITY, elsewhere } = measured
      const allowed = toleranceOf(name)
      if (!(difference <= allowed && disturbed > allowed && elsewhere > allowed)) wrong.push([name, measured])
    }
    for (const [why, count] of refused) console.log(`${count} refused: ${why}`)
    const times = [...refused.values()].reduce((sum, count) => sum + count, 0)
    console.log(`${files.length} files: ${files.length - times - wrong.length} agree, ${times} are refused`)
    expect(wrong).toEqual([])
    expect(files.length).toBeGreaterThan(1.6 * models)
  })
})
