/** A text model by Keras from its file to an answer: `maas push`, texts over HTTP, the SDK; the numbers are Keras' own. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadModel } from 'maas'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { difference, type Expected, expectedOf, kerasFixture } from '../../support/keras-fixtures.ts'
import { run } from '../cli/run.ts'
import { post, runService } from './running.ts'

let folder: string
let service: Awaited<ReturnType<typeof runService>>

/** As a request carries them. */
const textsOf = ({ inputs: [input] }: Expected): string[][] => (input ? input.data.map((one) => [String(one)]) : [])

const EXACT = 1e-5
const distance = (rows: unknown, { outputs }: Expected): number => {
  const [output] = outputs
  if (!output) throw new Error('no output')
  return difference({ shape: output.shape, data: (rows as number[][]).flat(3) as number[] }, output)
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maas-texts-'))
  for (const name of ['text_vectorization', 'app_texts_and_numbers']) {
    const path = join(folder, `${name}.keras`)
    await writeFile(path, await kerasFixture(3, `${name}.keras`))
    const pushed = await run(folder, ['push', path, '--name', name.replaceAll('_', '-'), '--root', folder])
    expect(pushed.code, pushed.err).toBe(0)
    expect(pushed.out).toContain('done before the model, by its preprocessing')
  }
  service = await runService({ root: join(folder, 'store') })
})
afterAll(async () => {
  await service?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a text model', () => {
  it('answers texts over HTTP as Keras does, alone or as lists of one', async () => {
    const expected = await expectedOf(3, 'text_vectorization')
    const url = `${service.url}/v1/models/text-vectorization:predict`
    for (const instances of [textsOf(expected), textsOf(expected).flat()]) {
      const reply = await post(url, { instances })
      expect(reply.status, JSON.stringify(reply.body)).toBe(200)
      expect(distance((reply.body as { predictions: unknown }).predictions, expected)).toBeLessThanOrEqual(EXACT)
    }
    const other = await post(url, { instances: textsOf(expected).map(([text]) => `cat ${text}`) })
    expect(distance((other.body as { predictions: unknown }).predictions, expected)).toBeGreaterThan(1e-3)
  })

  it('says what it takes when it gets numbers', async () => {
    const reply = await post(`${service.url}/v1/models/text-vectorization:predict`, { instances: [[1, 2, 3, 4, 5, 6]] })
    expect(reply.status).toBe(400)
    expect(JSON.stringify(reply.body)).toContain('a list of 1')
  })

  it('takes texts and numbers by name', async () => {
    const expected = await expectedOf(3, 'app_texts_and_numbers')
    const [words = [], colours = [], numbers = []] = expected.inputs.map(({ data }) => data as readonly unknown[])
    const instances = words.map((text, row) => ({
      text: [text],
      colour: [colours[row]],
      numbers: numbers.slice(row * 3, row * 3 + 3),
    }))
    const reply = await post(`${service.url}/v1/models/app-texts-and-numbers:predict`, { instances })
    expect(reply.status, JSON.stringify(reply.body)).toBe(200)
    expect(distance((reply.body as { predictions: unknown }).predictions, expected)).toBeLessThanOrEqual(EXACT)
  })

  it('answers in process from its file', async () => {
    const expected = await expectedOf(3, 'text_vectorization')
    const model = await loadModel(join(folder, 'text_vectorization.keras'))
    const answer = await model.predict(textsOf(expected).flat() as never)
    await model.dispose()
    expect(distance(answer, expected)).toBeLessThanOrEqual(EXACT)
  })
})
