/** Whole data sets predicted: by the command line, killed and gone on with, and as jobs of a service. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { TransformDescription } from '@maas/core/contract'
import { generateShapes, writeImageFolderZip } from '@maas/core/data'
import { createFileStore } from '@maas/core/store'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, start } from '../cli/run.ts'
import { ask, makeRegistry, post, postImage, runService, until } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let files: Awaited<ReturnType<typeof generateShapes>>

beforeAll(async () => {
  registry = await makeRegistry()
  const drawn = await generateShapes({ seed: 1, train: 40, test: 0, size: 16 })
  // Enough for five parts; the same few pictures under many names.
  files = Array.from({ length: 26 }, (_, copy) =>
    drawn.map(({ path, bytes }) => ({ path: `${String(copy).padStart(2, '0')}/${path}`, bytes })),
  ).flat()
  for (const { path, bytes } of files) {
    await mkdir(dirname(join(registry.folder, 'in', path)), { recursive: true })
    await writeFile(join(registry.folder, 'in', path), bytes)
  }
  await writeFile(join(registry.folder, 'in', '00', 'broken.jpg'), 'no picture')
  service = await runService({ root: registry.root })
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
})

const transform = (...args: string[]) => ['transform', '--root', registry.folder, '--model', 'tiny@production', ...args]
const partsOf = async (): Promise<string[]> => {
  const folder = join(registry.root, 'transforms')
  const names = await readdir(folder, { recursive: true }).catch((): string[] => [])
  return names.filter((name) => /parts\/\d{6}-[^/]*#$/.test(name))
}

describe('maas transform', () => {
  it('killed and started again does not do a finished part twice, and ends with the bytes of one run', async () => {
    const one = join(registry.folder, 'killed.jsonl')
    const killed = start(registry.folder, transform('--input', 'in', '--output', one, '--workers', '1'))
    expect(await until(async () => (await partsOf()).length > 0, 60_000)).toBe(true)
    killed.child.kill('SIGKILL')
    await killed.finished
    const before = await partsOf()
    expect(before.length).toBeLessThan(5)
    await expect(readFile(one)).rejects.toThrow('ENOENT')
    const again = await run(registry.folder, transform('--input', 'in', '--output', one, '--json'))
    expect(again.code, again.err).toBe(0)
    expect(again.events[0]).toMatchObject({ inputs: 1041, failed: 1, model: 'tiny:1' })
    expect(again.events[0]?.doneBefore).toBeGreaterThanOrEqual(256)
    expect(again.events[0]?.failures).toEqual([{ id: '00/broken.jpg', error: expect.stringContaining('not an image') }])
    const other = join(registry.folder, 'whole.jsonl')
    const whole = await run(registry.folder, transform('--input', 'in', '--output', other, '--name', 'whole', '--json'))
    expect(whole.events[0]?.doneBefore).toBe(0)
    expect((await readFile(one)).equals(await readFile(other))).toBe(true)
  })

  it('says of each input what the service says when it is asked for it', async () => {
    const lines = (await readFile(join(registry.folder, 'whole.jsonl'), 'utf8')).trimEnd().split('\n')
    const { id, label, prediction } = JSON.parse(lines.at(-1) ?? '') as {
      id: string
      label: string
      prediction: number[]
    }
    const image = files.find(({ path }) => path === id)?.bytes as Uint8Array<ArrayBuffer>
    const reply = await postImage(`${service.url}/v1/models/tiny/versions/1:predict`, image, 'image/jpeg')
    const [scores = []] = (reply.body as { predictions: number[][] }).predictions
    for (const [at, score] of scores.entries()) expect(prediction[at]).toBeCloseTo(score, 5)
    expect(label).toBe(['cat', 'dog', 'eel'][prediction.indexOf(Math.max(...prediction))])
  })
})

describe('a transform job of a service', () => {
  const document = (over: object = {}) => ({
    TransformJobName: 'shapes-1',
    ModelName: 'tiny@production',
    TransformInput: { DataSource: { S3DataSource: { S3Uri: 'datasets/shapes.zip' } } },
    TransformOutput: { Accept: 'text/csv' },
    ...over,
  })
  const get = async (name: string) => (await ask(`${service.url}/transform-jobs/${name}`)).body as TransformDescription
  const create = (over?: object) => post(`${service.url}/transform-jobs`, document(over))

  it('predicts a data set of the store, once however often it is asked for, and is listed', async () => {
    await writeImageFolderZip(join(registry.folder, 'shapes.zip'), files.slice(0, 300))
    const store = createFileStore(registry.root)
    await store.put('datasets/shapes.zip', await readFile(join(registry.folder, 'shapes.zip')))
    const first = await create()
    expect(first.status, JSON.stringify(first.body)).toBe(201)
    expect((await create()).status).toBe(200)
    await expect.poll(async () => (await get('shapes-1')).TransformJobStatus, { timeout: 60_000 }).toBe('Completed')
    expect(await get('shapes-1')).toMatchObject({
      ModelVersion: 1,
      Progress: { Inputs: 300, Done: 300, Failed: 0, Parts: 2, PartsDone: 2 },
      Failures: [],
    })
    const output = await ask(`${service.url}/transform-jobs/shapes-1/output`)
    expect(output.headers.get('content-type')).toBe('text/csv')
    const rows = String(output.body).trimEnd().split('\n')
    expect([rows.length, rows[0]]).toEqual([301, 'id,label,probability,prediction,error'])
    const list = await ask(`${service.url}/transform-jobs?NameContains=shapes`)
    expect(list.body).toMatchObject({
      TransformJobSummaries: [{ TransformJobName: 'shapes-1', TransformJobStatus: 'Completed' }],
    })
    expect((await create({ ModelName: 'tiny:2' })).status).toBe(409)
    expect(
      (
        await ask(`${service.url}/transform-jobs/shapes-1/stop`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
        })
      ).status,
    ).toBe(400)
  })

  it('says why it failed, and is watched by maas transform --url', async () => {
    const remote = ['--url', service.url, '--model', 'tiny', '--output', join(registry.folder, 'remote.csv')]
    const S3Uri = 'datasets/absent.zip'
    await create({ TransformJobName: 'absent', TransformInput: { DataSource: { S3DataSource: { S3Uri } } } })
    await expect
      .poll(async () => (await get('absent')).FailureReason, { timeout: 20_000 })
      .toContain('There is nothing at datasets/absent.zip')
    const done = await run(registry.folder, ['transform', ...remote, '--input', 'datasets/shapes.zip', '--json'])
    expect(done.code, done.err).toBe(0)
    expect(done.events[0]).toMatchObject({ inputs: 300, failed: 0, model: 'tiny:2' })
    expect((await readFile(join(registry.folder, 'remote.csv'), 'utf8')).split('\n')).toHaveLength(302)
  })

  it('may not read outside the data, nor name a model that is not there', async () => {
    const S3Uri = 'models/tiny/versions/1/manifest.json'
    const outside = await create({ TransformInput: { DataSource: { S3DataSource: { S3Uri } } } })
    expect([outside.status, outside.body]).toMatchObject([403, { error: { code: 'forbidden' } }])
    expect((await create({ TransformJobName: 'x', ModelName: 'nobody' })).status).toBe(404)
    expect((await ask(`${service.url}/transform-jobs/nobody`)).status).toBe(404)
  })
})
