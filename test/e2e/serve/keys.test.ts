/** Keys on the local service: who is let in, to what, how much, and how `maas keys` manages them here and over HTTP. */
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { join } from 'node:path'
import { type ApiKey, apiKeyHash } from '@maas/core/contract'
import { readModelFile, writeModel } from '@maas/core/formats'
import { compileInference } from '@maas/core/graph'
import { createObjectKeys, issueKey } from '@maas/core/keys'
import { createFileStore } from '@maas/core/store'
import { Maas } from 'maas'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { difference, tutorial } from '../../support/keras-fixtures.ts'
import { run } from '../cli/run.ts'
import { ask, makeRegistry, rowsOf, runService, until } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let admin: string

const keys = async (...args: string[]) => {
  const { out, err, code } = await run(registry.folder, ['keys', ...args])
  expect(code, err).toBe(0)
  return out.trim()
}
const local = () => ['--root', registry.folder]
const create = async (name: string, over: Partial<ApiKey> = {}) => {
  const store = createObjectKeys(createFileStore(registry.root))
  const record: ApiKey = { name, rights: ['data'], ...over }
  return (await issueKey(store, record, { random: randomBytes(32), now: Date.now() })).key
}

beforeAll(async () => {
  registry = await makeRegistry()
  admin = await create('admin', { rights: ['control', 'data'] })
  service = await runService({ root: registry.root, keys: true })
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
})

const predict = (key: string | undefined, path = '/v1/models/tiny:predict') =>
  ask(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== undefined && { 'x-api-key': key }) },
    body: JSON.stringify({ instances: rowsOf(1) }),
  })
const models = (key: string) => ask(`${service.url}/models`, { headers: { 'x-api-key': key } })

describe('a key', () => {
  it('is needed, must be known, and has rights and models', async () => {
    const data = await create('shop', { models: ['tiny'] })
    const other = await create('other', { models: ['else'] })
    expect((await predict(undefined)).status).toBe(401)
    expect((await predict(`maas_${'x'.repeat(43)}`)).status).toBe(401)
    expect((await ask(`${service.url}/healthz`)).status).toBe(200)
    const answer = await predict(data)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(Number(answer.headers.get('x-maas-cost'))).toBeGreaterThan(2e-7)
    const refused = await predict(other)
    expect([refused.status, refused.body]).toEqual([
      403,
      { error: expect.stringContaining('is for else; this is about tiny') },
    ])
    expect((await models(data)).status).toBe(403)
    expect((await models(admin)).status).toBe(200)
    const index = await ask(`${service.url}/v2/repository/index`, { method: 'POST', headers: { 'x-api-key': other } })
    expect(index.body).toEqual([])
    const later = await ask(`${service.url}/predictions`, {
      method: 'POST',
      headers: { 'x-api-key': other, 'content-type': 'application/json' },
      body: JSON.stringify({ operation: 'predict', model: 'tiny', input: { instances: rowsOf(1) } }),
    })
    expect(later.status).toBe(403)
  })

  it('ends with its quota, exactly, when 16 ask at once, and says when it begins again', async () => {
    const key = await create('race', { quota: 5 })
    const answers = await Promise.all(Array.from({ length: 16 }, () => predict(key)))
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(5)
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused).toHaveLength(11)
    expect(refused[0]?.body).toEqual({
      error: expect.stringMatching(/quota of the key "race": all 5 requests of \d{4}-\d\d are used/),
    })
    expect(Number(refused[0]?.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('has one last unit, which one of 16 gets, at once or later', async () => {
    const key = await create('last', { quota: 3 })
    for (let used = 0; used < 2; used++) expect((await predict(key)).status).toBe(200)
    const headers = { 'content-type': 'application/json', 'x-api-key': key }
    const body = JSON.stringify({ instances: rowsOf(1) })
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, at) =>
        ask(`${service.url}/v1/models/tiny:predict`, {
          method: 'POST',
          body,
          headers: { ...headers, ...(at % 2 === 0 && { prefer: 'respond-async' }) },
        }),
      ),
    )
    expect(answers.filter(({ status }) => status === 200 || status === 202)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15)
  })

  it('is rotated without a gap: the new one is taken before the old one ends', async () => {
    const [before, after] = [await create('rotated'), await create('rotated-2')]
    expect([(await predict(before)).status, (await predict(after)).status]).toEqual([200, 200])
    const listed = JSON.parse(await keys('list', '--json', ...local())) as { keys: { id: string; name: string }[] }
    await keys('revoke', listed.keys.find(({ name }) => name === 'rotated')?.id.slice(0, 12) ?? '', ...local())
    expect(await until(async () => (await predict(before)).status === 401, 3000)).toBe(true)
    expect((await predict(after)).status).toBe(200)
  })

  it('is throttled, and stops at its budget', async () => {
    const slow = await create('slow', { throttle: { rate: 0.01, burst: 2 } })
    const answers = [await predict(slow), await predict(slow), await predict(slow)]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429])
    expect(Number(answers[2]?.headers.get('retry-after'))).toBeGreaterThan(80)
    const poor = await create('poor', { budget: 0.0000001 })
    expect((await predict(poor)).status).toBe(200)
    const spent = await predict(poor)
    expect([spent.status, JSON.stringify(spent.body)]).toEqual([429, expect.stringContaining('budget')])
  })

  it('pays for a prediction that is answered later as for one at once, and is the only one to read it', async () => {
    const later = async (key: string, path = '/v1/models/tiny:predict', body: object = { instances: rowsOf(1) }) => {
      const headers = { 'content-type': 'application/json', 'x-api-key': key, prefer: 'wait=20' }
      return ask(`${service.url}${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
    }
    const poor = await create('poor-later', { budget: 0.0000001, quota: 3 })
    const first = await later(poor)
    expect(first.body).toMatchObject({ status: 'succeeded', metrics: { cost: expect.any(Number) } })
    const spent = await later(poor)
    expect([spent.status, JSON.stringify(spent.body)]).toEqual([429, expect.stringContaining('budget')])
    const counted = await create('counted', { quota: 2 })
    const data = rowsOf(1).flat(3)
    const infer = { inputs: [{ name: 'conv2d_Conv2D1_input', datatype: 'FP32', shape: [1, 8, 8, 3], data }] }
    const metadata = await ask(`${service.url}/v2/models/tiny`, { headers: { 'x-api-key': admin } })
    const [{ name = '' } = {}] = (metadata.body as { inputs: { name: string }[] }).inputs
    infer.inputs[0] = { ...(infer.inputs[0] as (typeof infer.inputs)[0]), name }
    const answered = await later(counted, '/v2/models/tiny/infer', infer)
    expect(answered.body).toMatchObject({
      status: 'succeeded',
      output: { model_name: 'tiny', outputs: [{ shape: [1, 3] }] },
    })
    const { id } = answered.body as { id: string }
    const read = async (key: string) =>
      (await ask(`${service.url}/predictions/${id}`, { headers: { 'x-api-key': key } })).status
    expect([await read(admin), await read(counted), await read(counted)]).toEqual([404, 200, 429])
  })

  it.each([
    ['with limits', { quota: 10, budget: 5 }],
    ['without', {}],
  ])('%s that is revoked finishes the request that is half sent, and gets nothing more', async (_, limits) => {
    const key = await create('leaver', { models: ['tiny'], ...limits })
    const store = createObjectKeys(createFileStore(registry.root))
    const id = apiKeyHash(key)
    const body = JSON.stringify({ instances: rowsOf(1) })
    const answered = new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-api-key': key }
      const call = request(`${service.url}/v1/models/tiny:predict`, { method: 'POST', headers }, (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      call.on('error', reject).write(body.slice(0, 100))
      void (async () => {
        // Its key was looked at when its headers came.
        if ('quota' in limits) await until(async () => (await store.usage(id))?.usage.requests === 1, 3000)
        else await new Promise((later) => setTimeout(later, 200))
        await keys('revoke', id.slice(0, 12), ...local())
        if (!(await until(async () => (await predict(key)).status === 401, 3000))) reject(new Error('still taken'))
        call.end(body.slice(100))
      })().catch(reject)
    })
    expect(await answered).toBe(200)
    expect((await predict(key)).status).toBe(401)
  })
})

describe('an image that was sent before', () => {
  const send = (key: string, body: Uint8Array<ArrayBuffer>, type = 'image/png') =>
    ask(`${service.url}/images`, { method: 'POST', headers: { 'content-type': type, 'x-api-key': key }, body })
  const classify = (key: string, upload: unknown, operation = 'classify') => {
    const body = operation === 'classify' ? { examples: [{ upload }] } : { instances: [{ upload }] }
    return ask(`${service.url}/v1/models/tiny:${operation}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-api-key': key },
      body: JSON.stringify(body),
    })
  }
  const picture = (seed: number) =>
    sharp({ create: { width: 8, height: 8, channels: 3, background: { r: seed, g: 90, b: 200 } } })
      .png()
      .toBuffer() as Promise<Buffer<ArrayBuffer>>

  it('is named by its id in JSON, in forms and in what is answered later, and answered like the file itself', async () => {
    const key = await create('uploader')
    const image = await picture(10)
    const sent = await send(key, image)
    expect([sent.status, sent.body]).toMatchObject([201, { size: image.length }])
    const { id } = sent.body as { id: string }
    const headers = { 'x-api-key': key }
    const url = `${service.url}/v1/models/tiny:classify`
    const itself = await ask(url, { method: 'POST', headers: { ...headers, 'content-type': 'image/png' }, body: image })
    expect(itself.status).toBe(200)
    expect((await classify(key, id)).body).toEqual(itself.body)
    const form = new FormData()
    form.append('upload', id)
    expect((await ask(url, { method: 'POST', headers, body: form })).body).toEqual(itself.body)
    const columns = await ask(`${service.url}/v1/models/tiny:predict`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', prefer: 'wait=20' },
      body: JSON.stringify({ inputs: [{ upload: id }, { upload: id }] }),
    })
    expect(columns.body).toMatchObject({
      status: 'succeeded',
      output: { outputs: [[], []].map(() => expect.any(Array)) },
    })
  })

  it.each([
    ['http://169.254.169.254/latest/meta-data', 400, 'Addresses of other places are not fetched'],
    ['https://example.com/photo.jpg', 400, 'named by its id'],
    ['datasets/cifar10.zip', 400, 'named by its id'],
    [`../everybody/${'a'.repeat(64)}`, 400, 'named by its id'],
    [`../../keys/${'a'.repeat(64)}`, 400, 'named by its id'],
    [7, 400, 'named by its id'],
    ['a'.repeat(64), 404, 'there is no upload'],
  ])('is not %s', async (name, status, words) => {
    const key = await create('curious')
    for (const operation of ['classify', 'predict']) {
      const refused = await classify(key, name, operation)
      expect([refused.status, JSON.stringify(refused.body)]).toEqual([status, expect.stringContaining(words)])
    }
  })

  it('is there for the key that sent it alone', async () => {
    const { id } = (await send(await create('mine'), await picture(20))).body as { id: string }
    const other = await classify(await create('theirs'), id)
    expect([other.status, JSON.stringify(other.body)]).toEqual([404, expect.stringContaining('no upload')])
  })

  it('is as small as any body, is an image by its type, and needs a key that may predict', async () => {
    const key = await create('large')
    expect((await send(key, new Uint8Array(6 * 1024 * 1024 + 1))).status).toBe(413)
    expect((await send(key, await picture(1), 'application/zip')).status).toBe(415)
    expect((await send(await create('control', { rights: ['control'] }), await picture(1))).status).toBe(403)
    const { id } = (await send(key, Buffer.from('no picture') as Buffer<ArrayBuffer>)).body as { id: string }
    const refused = await classify(key, id)
    expect([refused.status, JSON.stringify(refused.body)]).toEqual([422, expect.stringContaining('not an image')])
  })
})

describe('an alias moved with a key', () => {
  it('says in its history whose it was', async () => {
    const headers = { 'content-type': 'application/json', 'x-api-key': admin }
    const body = JSON.stringify({ version: 2, reason: 'better' })
    const moved = await ask(`${service.url}/models/tiny/aliases/production`, { method: 'PUT', headers, body })
    expect((moved.body as { history: unknown[] }).history.at(-1)).toMatchObject({ by: 'admin', why: 'better' })
  })
})

describe('maas keys --url', () => {
  it('makes, lists and revokes keys of a running service, with a key that may', async () => {
    const remote = ['--url', service.url, '--api-key', admin]
    const key = await keys('create', 'far', '--quota', '1', ...remote)
    expect([(await predict(key)).status, (await predict(key)).status]).toEqual([200, 429])
    const listed = JSON.parse(await keys('list', '--json', ...remote)) as {
      keys: { id: string; name: string; usage?: { requests: number } }[]
    }
    const far = listed.keys.find(({ name }) => name === 'far')
    expect(far?.usage?.requests).toBe(1)
    expect(JSON.stringify(listed)).not.toContain(key)
    await keys('revoke', far?.id.slice(0, 8) ?? '', ...remote)
    expect((await predict(key)).status).toBe(401)
  })
})

describe('a page of another site', () => {
  it('gets nothing through a name it rebinds, nor by posting across, key or not', async () => {
    const rebound = await new Promise<number | undefined>((resolve, reject) => {
      const call = request(
        `${service.url}/models`,
        { headers: { host: 'evil.example', 'x-api-key': admin } },
        (response) => {
          response.resume()
          resolve(response.statusCode)
        },
      )
      call.on('error', reject).end()
    })
    expect(rebound).toBe(421)
    const across = await ask(`${service.url}/v1/models/tiny:predict`, {
      method: 'POST',
      headers: { origin: 'https://evil.example', 'x-api-key': admin, 'content-type': 'application/json' },
      body: JSON.stringify({ instances: rowsOf(1) }),
    })
    expect(across.status).toBe(403)
  })

  it.each([
    ['POST', '/images', 'image/png'],
    ['POST', '/predictions', 'application/json'],
    ['POST', '/transform-jobs', 'application/json'],
    ['POST', '/keys', 'application/json'],
    ['PUT', '/models/tiny/aliases/production', 'application/json'],
    ['DELETE', '/models/tiny/versions/2', 'application/json'],
  ])('may not %s %s, whatever origin it gives', async (method, path, type) => {
    for (const origin of ['https://evil.example', 'null', 'http://127.0.0.1.evil.example']) {
      const headers = { origin, 'x-api-key': admin, 'content-type': type }
      const body = method === 'DELETE' ? {} : { body: '{}' }
      expect((await ask(`${service.url}${path}`, { method, headers, ...body })).status).toBe(403)
    }
  })

  it('cannot pass a form for JSON where state would change', async () => {
    for (const path of ['/transform-jobs', '/training-jobs', '/keys']) {
      const headers = { 'content-type': 'text/plain', 'x-api-key': admin }
      expect((await ask(`${service.url}${path}`, { method: 'POST', headers, body: '{}' })).status).toBe(415)
    }
  })
})

describe('/metrics', () => {
  it('counts requests, latency, errors and throttles as OpenMetrics, for keys with the control right', async () => {
    expect((await ask(`${service.url}/metrics`)).status).toBe(401)
    const reply = await ask(`${service.url}/metrics`, { headers: { 'x-api-key': admin } })
    expect(reply.headers.get('content-type')).toContain('application/openmetrics-text')
    const page = String(reply.body)
    expect(page).toMatch(/maas_requests_total\{operation="predict",model="tiny",version="2",status="200"\} [1-9]/)
    expect(page).toMatch(/maas_latency_seconds_count\{operation="predict",model="tiny",version="2"\} [1-9]/)
    expect(page).toMatch(/maas_throttles_total\{operation="predict"\} [1-9]/)
    expect(page.trimEnd().endsWith('# EOF')).toBe(true)
  })
})

describe('a model that is pushed over HTTP with a key', () => {
  /** The tutorial's model in the registry's folder; its .h5 is pushed by the Python client's test. */
  const files = async () => {
    const { file, images, predictions } = await tutorial()
    const { folder, kernels } = registry
    await writeFile(join(folder, 'model.keras'), file('keras'))
    const artifact = await readModelFile(join(folder, 'model.keras'))
    const deps = { kernels: async () => kernels, compile: compileInference }
    await writeModel(join(folder, 'saved.tar.gz'), 'savedmodel', artifact, deps)
    await writeModel(join(folder, 'web.zip'), 'tfjs', artifact, deps)
    return { images, predictions }
  }
  const distance = (rows: unknown, predictions: readonly number[][]) => {
    const shape = [predictions.length, 10]
    return difference(
      { shape, data: (rows as number[][]).flat() },
      { shape, dtype: 'float32', data: predictions.flat() },
    )
  }

  it('is checked, certified and answers as Keras does, whatever its format; the report is text, JSON and a page', async () => {
    const { images, predictions } = await files()
    const url = service.url
    const maas = new Maas({ url, apiKey: admin })
    const about = { directory: registry.folder, model: 'tutorial' }
    const reader = new Maas({ url, apiKey: await create('reader') })
    await expect(reader.imports.push({ ...about, files: ['model.keras'] })).rejects.toThrow('control')
    const push = ['push', 'model.keras', '--name', 'tutorial', '--report', '--url', url]
    const { out, err } = await run(registry.folder, push, { MAAS_API_KEY: admin })
    expect(out, err).toMatch(/^Registered tutorial:1\.\n {2}Keras 3\.15\.1[^:]*: 8 supported\n/)
    expect(out).toMatch(/conv2d +Conv2D +supported/)
    expect(out).toContain('certificate passed')
    for (const [at, file] of ['saved.tar.gz', 'web.zip'].entries()) {
      const state = await maas.imports.push({ ...about, files: [file] })
      expect([file, state.status, state.version, state.certificate?.passed]).toEqual([file, 'registered', at + 2, true])
    }
    for (const version of [1, 2, 3]) {
      const model = await maas.load(`tutorial:${version}`)
      const answer = await model.predict(images)
      expect(distance(answer, predictions), `version ${version}`).toBeLessThanOrEqual(1e-5)
      expect(distance((answer as number[][]).toReversed(), predictions)).toBeGreaterThan(1e-2)
    }
    const sources = await Promise.all([1, 2, 3].map((version) => maas.versions.conversion('tutorial', version)))
    expect(sources.map(({ source }) => source)).toEqual([
      expect.stringContaining('Keras 3.15.1'),
      'TensorFlow SavedModel',
      'TF.js layers model',
    ])
    expect(sources[0]?.layers).toHaveLength(8)
    const page = await ask(`${url}/models/tutorial/versions/1/conversion/report`, { headers: { 'x-api-key': admin } })
    expect([page.status, page.body]).toEqual([200, expect.stringMatching(/conv2d<.*Conv2D<.*supported</s)])
    expect((await maas.versions.verify('tutorial', 2)).replays.every(({ passed }) => passed)).toBe(true)
  })
})
