/** Training from the command line: other data, interruption at any time, and going on. */
import { createHash } from 'node:crypto'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { pack } from 'tar-stream'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { run, start } from './run.ts'

let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'train-'))
  const lines = Array.from({ length: 400 }, (_, i) => {
    const [a, b] = [Math.sin(i), Math.cos(i * 1.7)]
    return `${a},${b},${a + b > 0 ? 'up' : 'down'}`
  })
  await writeFile(join(folder, 'points.csv'), `a,b,direction\n${lines.join('\n')}\n`)
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const train = ['train', '--data', 'points.csv', '--target', 'direction', '--preset', 'mlp', '--seed', '7']

const weightsOf = async (root: string, name: string): Promise<string> => {
  const { events } = await run(folder, ['models', name, '--root', root, '--json'])
  const [version] = (events[0] as { versions: { files: { path: string; sha256: string }[] }[] }).versions
  return version?.files.find(({ path }) => path === 'weights.bin')?.sha256 ?? ''
}

describe('maas train', () => {
  it('learns a table, and evaluates and predicts it by column names', async () => {
    const trained = await run(folder, [
      ...train,
      '--epochs',
      '20',
      '--name',
      'points',
      '--alias',
      'production',
      '--json',
    ])
    expect(trained.err).toBe('')
    expect(trained.code).toBe(0)
    const registered = trained.events.find(({ event }) => event === 'registered')
    expect(registered).toMatchObject({ name: 'points', version: 1, alias: 'production' })
    const replays = await createRegistry(createFileStore(join(folder, '.maas', 'store'))).replays({
      name: 'points',
      version: 1,
    })
    expect(replays).toMatchObject([{ passed: true, source: 'generated', rows: 4 }])
    const evaluated = await run(folder, [
      'evaluate',
      'points',
      '--data',
      'points.csv',
      '--target',
      'direction',
      '--json',
    ])
    expect((evaluated.events[0] as { accuracy: number }).accuracy).toBeGreaterThan(0.9)
    await writeFile(join(folder, 'rows.json'), JSON.stringify([{ a: 0.9, b: 0.8 }]))
    const predicted = await run(folder, ['predict', 'points', '--input', 'rows.json', '--json'])
    expect(predicted.code).toBe(0)
    const [down = 1, up = 0] = (predicted.events[0] as { predictions: number[][] }).predictions[0] ?? []
    expect(up).toBeGreaterThan(down)
  })

  it('stops at Ctrl-C with a checkpoint, and resumes to the weights of a run that never stopped', async () => {
    const args = [...train, '--epochs', '200', '--early-stopping', '0', '--name', 'resumed', '--json']
    await run(folder, [...args, '--root', 'whole'])
    const stopped = start(folder, [...args, '--root', 'parts'])
    await stopped.printed('"event":"epoch"')
    stopped.child.kill('SIGINT')
    const { code, out } = await stopped.finished
    expect(code).toBe(1)
    expect(out).toContain('"event":"checkpoint"')
    const [job = ''] = readdirSync(join(folder, 'parts', 'jobs'))
    const resumed = await run(folder, ['train', '--resume', job, '--root', 'parts', '--json'])
    expect(resumed.code).toBe(0)
    expect(await weightsOf('parts', 'resumed')).toBe(await weightsOf('whole', 'resumed'))
  })

  it.each([
    ['reading', '"event":"data"'],
    ['evaluating', '"event":"evaluation"'],
    ['registering', '"event":"end"'],
  ])(
    'has one whole version, or none and a job to go on with, after Ctrl-C while %s',
    { timeout: 400_000 },
    async (stage, sign) => {
      const root = `stopped-${stage}`
      const stopped = start(folder, [...train, '--epochs', '2', '--name', stage, '--root', root, '--json'])
      await stopped.printed(sign)
      stopped.child.kill('SIGINT')
      const { err } = await stopped.finished
      expect(err).not.toContain('    at ')
      const versions = async () => {
        const { events } = await run(folder, ['models', stage, '--root', root, '--json'])
        return ((events[0] as { versions?: unknown[] }).versions ?? []).length
      }
      const before = await versions()
      expect(before).toBeLessThanOrEqual(1)
      const [job = ''] = readdirSync(join(folder, root, 'jobs'))
      if (before === 0) expect((await run(folder, ['train', '--resume', job, '--root', root, '--json'])).code).toBe(0)
      expect(await versions()).toBe(1)
    },
  )

  it('keeps the alias where it was when the gate is not met', async () => {
    const gated = [
      '--epochs',
      '1',
      '--name',
      'gated',
      '--alias',
      'production',
      '--gate',
      'test_accuracy>=1.5',
      '--json',
    ]
    const { code, events } = await run(folder, [...train, ...gated])
    expect(code).toBe(0)
    const registered = events.find(({ event }) => event === 'registered') as {
      alias?: string
      gate: { passed: boolean }
    }
    expect([registered.alias, registered.gate.passed]).toEqual([undefined, false])
  })

  it('names the column that is missing, as a sentence', async () => {
    const { code, err } = await run(folder, ['train', '--data', 'points.csv', '--target', 'nope', '--name', 'x'])
    expect(code).toBe(1)
    expect(err).toContain("no column 'nope'")
    expect(err).not.toContain('    at ')
  })
})

describe('--data cifar10', () => {
  let server: Server
  let archive: Buffer
  const record = (label: number, i: number): Buffer =>
    Buffer.concat([Buffer.of(label), Buffer.alloc(3072, (label * 25 + i) % 256)])

  beforeAll(async () => {
    const tar = pack()
    const names = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck']
    tar.entry({ name: 'cifar-10-batches-bin/batches.meta.txt' }, `${names.join('\n')}\n`)
    const batch = (count: number) => Buffer.concat(Array.from({ length: count }, (_, i) => record(i % 10, i)))
    for (let b = 1; b <= 5; b++) tar.entry({ name: `cifar-10-batches-bin/data_batch_${b}.bin` }, batch(40))
    tar.entry({ name: 'cifar-10-batches-bin/test_batch.bin' }, batch(20))
    tar.finalize()
    const chunks: Buffer[] = []
    for await (const chunk of tar) chunks.push(chunk as Buffer)
    archive = gzipSync(Buffer.concat(chunks))
    server = createServer((_, response) => response.end(archive)).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
  })
  afterAll(() => server.close())

  const mirror = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/cifar-10-binary.tar.gz`

  it('downloads the original once, checks it and trains on it', async () => {
    const env = { MAAS_CIFAR10_URL: mirror(), MAAS_CIFAR10_SHA256: createHash('sha256').update(archive).digest('hex') }
    const args = ['quickstart', '--data', 'cifar10', '--epochs', '1', '--root', 'original', '--json']
    const { code, err, events } = await run(folder, args, env)
    expect(err).toBe('')
    expect(code).toBe(0)
    expect(events.find(({ event }) => event === 'registered')).toBeTruthy()
    expect(await readFile(join(folder, 'original', 'datasets', 'cifar-10-binary.tar.gz'))).toEqual(archive)
  })

  it('refuses a file that is not the original, and keeps nothing of it', async () => {
    const args = ['quickstart', '--data', 'cifar10', '--root', 'forged']
    const { code, err } = await run(folder, args, { MAAS_CIFAR10_URL: mirror() })
    expect(code).toBe(1)
    expect(err).toContain('as published')
    expect(readdirSync(join(folder, 'forged', 'datasets'))).toEqual([])
  })
})
