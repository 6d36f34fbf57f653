/** The predict image's `serve`, bundled as it is staged and run as a process on a folder of models, asked over plain HTTP. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseNpy } from '@maas/core/data/npy'
import { packVersion } from '@maas/core/formats'
import { loadKernels } from '@maas/core/kernels'
import { createPredictor, writeNpy } from '@maas/core/predict'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle, checkPrograms, repository, servePrograms } from '../../../infra/bundle.ts'
import { searchKernels } from '../../../layers/core/kernels/native.ts'
import { asVersion, imagePreprocess, labels, tinyClassifier } from '../../support/models.ts'
import { childrenOf, rowsOf, until } from './running.ts'

const { found, reason } = await searchKernels()
if (found === undefined) console.warn(`SKIPPED: native kernels: ${reason}; npm run build:kernels`)

const folder = mkdtempSync(join(tmpdir(), 'maas-container-'))
const programs = join(folder, 'task')
const processes: ChildProcess[] = []

beforeAll(async () => {
  mkdirSync(programs)
  symlinkSync(join(repository, 'node_modules'), join(programs, 'node_modules'))
  for (const [name, entry] of Object.entries({ ...servePrograms, ...checkPrograms }))
    await bundle(entry, join(programs, `${name}.mjs`))
})
afterAll(() => {
  for (const child of processes) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** `docker run IMAGE serve`, without the image. */
const serve = (models: string, env: Readonly<Record<string, string>> = {}) => {
  const temporary = mkdtempSync(join(folder, 'tmp-'))
  const child = spawn('/bin/sh', [join(repository, 'functions/predict/entrypoint.sh'), 'serve'], {
    env: {
      PATH: process.env.PATH ?? '',
      TMPDIR: temporary,
      MAAS_KERNELS: found?.directory ?? '',
      MAAS_TASK_ROOT: programs,
      SM_MODEL_DIR: models,
      SAGEMAKER_BIND_TO_PORT: '0',
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  processes.push(child)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => (output += chunk))
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  const port = async (): Promise<number> => {
    await until(() => /on port \d+/.test(output) || child.exitCode !== null, 20_000)
    return Number(/on port (\d+)/.exec(output)?.[1])
  }
  return { child, ended, port, output: () => output }
}

/** A version's files, as `maas export --format sagemaker` packs them and SageMaker unpacks them. */
const writeVersion = async (): Promise<string> => {
  const directory = join(folder, 'version')
  mkdirSync(directory)
  const { files } = asVersion(tinyClassifier(await loadKernels()), { preprocess: imagePreprocess, labels })
  const listed = Object.keys(files).map((path) => ({ path, size: 0, sha256: '' }))
  const packed = await packVersion(
    { files: listed, createdAt: '2026-01-01T00:00:00Z' },
    async (path) => files[path] ?? new Uint8Array(),
  )
  writeFileSync(join(folder, 'model.tar.gz'), packed)
  execFileSync('tar', ['-xzf', join(folder, 'model.tar.gz'), '-C', directory])
  return directory
}

describe.skipIf(found === undefined)('the serving container', () => {
  let running: ReturnType<typeof serve>
  let url: string
  let expected: readonly number[]
  const rows = rowsOf(2)
  const flat = rows.flat(3)

  beforeAll(async () => {
    running = serve(await writeVersion(), { MAAS_MODEL_NAME: 'tiny' })
    url = `http://127.0.0.1:${await running.port()}`
    const kernels = await loadKernels()
    const predictor = await createPredictor({ name: 'tiny', version: 1, artifact: tinyClassifier(kernels) }, kernels)
    const tensors = { [predictor.model.signature.inputs[0]?.name ?? '']: tensor(flat, [2, 8, 8, 3]) }
    const { outputs } = await predictor.predict({ kind: 'tensors', tensors })
    expected = [...((Object.values(outputs)[0]?.data as Float32Array) ?? [])]
    predictor.dispose()
  })

  const tensor = (values: readonly number[], shape: readonly number[]) =>
    ({ dtype: 'float32', shape, data: Float32Array.from(values) }) as const
  const ping = async () => (await fetch(`${url}/ping`)).status
  const invoke = (body: BodyInit, headers: Record<string, string>) =>
    fetch(`${url}/invocations`, { method: 'POST', body, headers })
  const close = (got: readonly number[]) => {
    expect(got).toHaveLength(expected.length)
    for (const [at, value] of got.entries()) expect(value).toBeCloseTo(expected[at] ?? 0, 5)
  }

  it('is pinged with 503 while it loads and 200 from then on', async () => {
    expect([200, 503]).toContain(await ping())
    expect((await fetch(`${url}/v2/health/live`)).status).toBe(200)
    expect(await until(async () => (await ping()) === 200, 30_000), running.output()).toBe(true)
    expect(running.output()).toMatch(/model\.json is served as \\"tiny\\".*passed/)
  })

  it('answers JSON, CSV and NumPy arrays with the numbers of the same model in this process', async () => {
    const json = await invoke(JSON.stringify({ instances: rows }), { 'content-type': 'application/json' })
    close(((await json.json()) as { predictions: number[][] }).predictions.flat())
    const lines = rows.map((row) => row.flat(2).join(',')).join('\n')
    const csv = await invoke(lines, { 'content-type': 'text/csv', accept: 'text/csv' })
    expect(csv.headers.get('content-type')).toBe('text/csv')
    close((await csv.text()).trim().split(/[\n,]/).map(Number))
    const signature = { inputs: [], outputs: [{ name: 'y', dtype: 'float32' as const, shape: [-1, 8, 8, 3] }] }
    const array = writeNpy({ y: tensor(flat, [2, 8, 8, 3]) }, { name: 'y', signature })
    const npy = await invoke(new Uint8Array(array), {
      'content-type': 'application/x-npy',
      accept: 'application/x-npy',
    })
    const { shape, values } = parseNpy('answer', new Uint8Array(await npy.arrayBuffer()))
    expect(shape).toEqual([2, 3])
    close([...(values as Float32Array)])
  })

  it('takes pictures, and names their classes where it is asked to', async () => {
    const picture = await sharp({ create: { width: 20, height: 20, channels: 3, background: '#1060f0' } })
      .png()
      .toBuffer()
    const type = { 'content-type': 'application/x-image' }
    const { predictions } = (await (await invoke(new Uint8Array(picture), type)).json()) as { predictions: number[][] }
    expect(predictions[0]?.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 5)
    const attribute = { 'x-amzn-sagemaker-custom-attributes': 'tfs-method=classify' }
    const classified = await invoke(new Uint8Array(picture), { ...type, ...attribute })
    const { results } = (await classified.json()) as { results: [string, number][][] }
    expect(results[0]?.map(([label]) => label).sort()).toEqual([...labels].sort())
  })

  it('speaks the Open Inference Protocol and TensorFlow Serving on the same port', async () => {
    const metadata = (await (await fetch(`${url}/v2/models/tiny`)).json()) as { inputs: { name: string }[] }
    const inputs = [{ name: metadata.inputs[0]?.name, datatype: 'FP32', shape: [2, 8, 8, 3], data: flat }]
    const headers = { 'content-type': 'application/json' }
    const post = (path: string, body: unknown) =>
      fetch(`${url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    const infer = (await (await post('/v2/models/tiny/infer', { inputs })).json()) as { outputs: { data: number[] }[] }
    close(infer.outputs[0]?.data ?? [])
    const tfs = await post('/v1/models/tiny:predict', { instances: rows })
    close(((await tfs.json()) as { predictions: number[][] }).predictions.flat())
  })

  it('refuses what it cannot take in words, and has no control plane', async () => {
    const wrong = await invoke('1,2,3', { 'content-type': 'text/csv' })
    expect([wrong.status, await wrong.json()]).toEqual([400, { error: expect.stringContaining('3 values') }])
    expect((await fetch(`${url}/models`)).status).toBe(404)
  })

  it('starts the process of the model again when that was killed', async () => {
    const [worker = 0] = childrenOf(running.child.pid ?? 0)
    process.kill(worker, 'SIGKILL')
    expect(
      await until(async () => (await ping()) === 200 && childrenOf(running.child.pid ?? 0)[0] !== worker, 60_000),
    ).toBe(true)
    const answer = await invoke(JSON.stringify(rows), { 'content-type': 'application/json' })
    close(((await answer.json()) as { predictions: number[][] }).predictions.flat())
  })

  it('ends at SIGTERM with code 0, with nothing left of its process', async () => {
    running.child.kill('SIGTERM')
    expect(await running.ended).toBe(0)
    await expect(fetch(`${url}/ping`)).rejects.toThrow()
  })

  it('ends with a sentence when there is no model, several, or one that is refused', async () => {
    const empty = join(folder, 'empty')
    mkdirSync(empty)
    const several = join(folder, 'several')
    mkdirSync(several)
    for (const name of ['a.h5', 'b.keras']) writeFileSync(join(several, name), 'x')
    const broken = join(folder, 'broken', '1')
    mkdirSync(broken, { recursive: true })
    copyFileSync(join(folder, 'version', 'model.json'), join(broken, 'model.json'))
    const ends = [empty, several, join(folder, 'broken')].map(async (models) => {
      const { ended, output } = serve(models)
      return [await ended, output()]
    })
    expect(await Promise.all(ends)).toEqual([
      [1, expect.stringContaining(`${empty} is empty; it needs one model`)],
      [1, expect.stringContaining('holds a.h5, b.keras; leave one')],
      [1, expect.stringContaining(`model.json in ${broken}: `)],
    ])
  })
})
