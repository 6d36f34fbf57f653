/** A picture to a model whose preprocessing a person wrote: `maas push --preprocess --labels`, the picture over HTTP and by the command line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tutorial } from '../../support/keras-fixtures.ts'
import { run } from '../cli/run.ts'
import { post, postImage, runService } from './running.ts'

const spec = {
  kind: 'image',
  height: 32,
  width: 32,
  channels: 3,
  scale: 1 / 127.5,
  mean: [0.9, 1, 1.1],
  std: [0.5, 0.6, 0.7],
}
const labels = ['plane', 'car', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
const EXACT = 1e-5

let folder: string
let service: Awaited<ReturnType<typeof runService>>
let picture: Buffer<ArrayBuffer>

const place = (name: string): string => join(folder, name)
const push = (preprocess: string, ...more: string[]) =>
  run(folder, ['push', 'model.h5', '--name', 'c10', '--preprocess', preprocess, '--root', folder, ...more])

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maas-pictures-'))
  const noise = Buffer.from(Array.from({ length: 8 * 8 * 3 }, (_, at) => (at * 7919) % 256))
  const small = sharp(noise, { raw: { width: 8, height: 8, channels: 3 } })
  picture = (await small.resize(32, 32).jpeg({ quality: 90 }).toBuffer()) as Buffer<ArrayBuffer>
  await writeFile(place('model.h5'), (await tutorial()).file('h5'))
  await writeFile(place('picture.jpg'), picture)
  await writeFile(place('labels.txt'), labels.join('\n'))
  await writeFile(place('spec.json'), JSON.stringify(spec))
  const pushed = await push('spec.json', '--labels', 'labels.txt')
  expect(pushed.code, pushed.err).toBe(0)
  expect(pushed.out).toContain('next: npx maas predict c10 photo.jpg')
  service = await runService({ root: place('store') })
})
afterAll(async () => {
  await service?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a model whose preprocessing was given', () => {
  it('answers a JPEG as it answers its pixels, scaled by hand, over HTTP and by the command line', async () => {
    const url = `${service.url}/v1/models/c10`
    const pixels = await sharp(picture).raw().toBuffer()
    const value = (at: number) => ((pixels[at] ?? 0) * spec.scale - (spec.mean[at % 3] ?? 0)) / (spec.std[at % 3] ?? 1)
    const row = Array.from({ length: 32 }, (_, y) =>
      Array.from({ length: 32 }, (_, x) => [0, 1, 2].map((channel) => value((y * 32 + x) * 3 + channel))),
    )
    const reply = await post(`${url}:predict`, { instances: [row] })
    const [expected = []] = (reply.body as { predictions: number[][] }).predictions
    const apart = (found: readonly (readonly [string, number])[]): number =>
      Math.max(...labels.map((label, at) => Math.abs((new Map(found).get(label) ?? Number.NaN) - (expected[at] ?? 0))))

    const sent = await postImage(`${url}:classify`, picture, 'image/jpeg')
    expect(apart((sent.body as { results: [string, number][][] }).results[0] ?? [])).toBeLessThanOrEqual(EXACT)
    const command = await run(folder, ['predict', 'c10', 'picture.jpg', '--top', '10', '--json', '--root', folder])
    const [{ results = [] } = {}] = command.events as {
      results: { labels: { label: string; probability: number }[] }[]
    }[]
    const told = results[0]?.labels.map(({ label, probability }) => [label, probability] as const) ?? []
    expect(apart(told)).toBeLessThanOrEqual(EXACT)

    const plain = await post(`${url}:predict`, {
      instances: [row.map((line) => line.map((rgb) => rgb.map((v) => v / 2)))],
    })
    const other = (plain.body as { predictions: number[][] }).predictions[0] ?? []
    expect(apart(labels.map((label, at) => [label, other[at] ?? 0]))).toBeGreaterThan(1e-3)
  })

  it.each([
    ['four channels', { ...spec, channels: 4 }, 2, 'channels: got 4; Invalid option: expected one of 1|3'],
    [
      'another size than the model takes',
      { ...spec, width: 28 },
      1,
      'makes float32 [32, 28, 3] of an example, the model takes',
    ],
  ])('is refused with %s', async (_, wrong, code, words) => {
    await writeFile(place('wrong.json'), JSON.stringify(wrong))
    const refused = await push('wrong.json')
    expect(refused.code).toBe(code)
    expect(`${refused.out}${refused.err}`).toContain(words)
  })
})
