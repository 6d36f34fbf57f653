import { limits, type ModelReference } from '@maas/core/contract'
import { KernelError, NotFoundError, NotReadyError } from '@maas/core/errors'
import type { LogEntry } from '@maas/core/http'
import { type ModelHost, onVersion, type PredictInput, readPlain, type ServedModel } from '@maas/core/predict'
import { createPredictApp } from '@maas/predict'
import { describe, expect, it } from 'vitest'

/** `y = [x0 + x1, x0 - x1]`; version 2 is the newest, `production` is 1. */
const setup = (over: Partial<ModelHost> = {}) => {
  const asked: { reference: ModelReference; input: PredictInput }[] = []
  const entries: LogEntry[] = []
  const modelOf = ({ name, version, alias }: ModelReference): ServedModel => {
    if (name !== 'sums') throw new NotFoundError(`Model "${name}" does not exist. Did you mean "sums"?`)
    if (alias !== undefined && alias !== 'production') throw new NotFoundError(`Alias "${alias}" does not exist.`)
    return {
      name,
      version: version ?? (alias === undefined ? 2 : 1),
      signature: {
        inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
        outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 2] }],
      },
      preprocess: { kind: 'tensor' },
      labels: ['sum', 'difference'],
      bytes: 8,
    }
  }
  const host: ModelHost = {
    describe: async (reference) => modelOf(reference),
    versions: async (reference) => (reference.version === undefined ? [2, 1] : [modelOf(reference).version]),
    loaded: () => [{ name: 'sums', version: 2 }],
    shadow: async () => undefined,
    close: async () => {},
    predict: async (reference, given) => {
      const model = modelOf(reference)
      const input = given.kind === 'plain' ? readPlain(given, model, undefined) : given
      asked.push({ reference, input })
      const rows = input.kind === 'tensors' ? (input.tensors.x?.shape[0] ?? 0) : 1
      const x = input.kind === 'tensors' ? (input.tensors.x?.data as Float32Array) : Float32Array.of(3, 1)
      const data = Float32Array.from({ length: rows * 2 }, (_, at) => {
        const row = at >> 1
        return at % 2 === 0 ? (x[row * 2] ?? 0) + (x[row * 2 + 1] ?? 0) : (x[row * 2] ?? 0) - (x[row * 2 + 1] ?? 0)
      })
      return {
        model,
        outputs: { y: { dtype: 'float32', shape: [rows, 2], data } },
        timings: { prepare: 0.25, run: 1.5 },
      }
    },
    ...over,
  }
  let id = 0
  const app = createPredictApp({
    host,
    models: async () => [{ name: 'sums', versions: [1, 2] }],
    log: (entry) => entries.push(entry),
    limits: { ...limits, bodyBytes: 1000, batchRows: 3 },
    clock: () => 1000,
    ids: () => `id-${++id}`,
  })
  const post = (path: string, body: BodyInit, type: string | undefined = 'application/json') =>
    app.request(path, { method: 'POST', body, headers: type === undefined ? {} : { 'content-type': type } })
  const json = (path: string, body: unknown) => post(path, JSON.stringify(body))
  return { app, asked, entries, post, json }
}

const jpeg = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 0])

describe('a failure', () => {
  it('is logged with the version it is about, also when no answer names one', async () => {
    const failing = () => onVersion(1, () => Promise.reject(new KernelError('the model does not load')))
    const { json, entries } = setup({ predict: failing })
    expect((await json('/v1/models/sums/labels/production:predict', { instances: [[1, 2]] })).status).toBe(500)
    expect(entries.find(({ message }) => message === 'request')).toMatchObject({
      model: 'sums',
      version: '1',
      status: 500,
    })
    const unknown = setup({ predict: () => Promise.reject(new NotFoundError('no such model')) })
    await unknown.json('/v1/models/ghost:predict', { instances: [[1, 2]] })
    expect(unknown.entries.find(({ message }) => message === 'request')).not.toHaveProperty('version')
  })
})

describe('predict', () => {
  it('answers rows with predictions and columns with outputs', async () => {
    const { json } = setup()
    const rows = await json('/v1/models/sums:predict', {
      instances: [
        [1, 2],
        [3, 4],
      ],
    })
    expect(rows.status).toBe(200)
    expect(await rows.json()).toEqual({
      predictions: [
        [3, -1],
        [7, -1],
      ],
    })
    const columns = await json('/v1/models/sums:predict', {
      signature_name: 'serving_default',
      inputs: { x: [[1, 2]] },
    })
    expect(await columns.json()).toEqual({ outputs: [[3, -1]] })
  })

  it('says in headers which version answered and where the time went', async () => {
    const { json } = setup()
    const { headers } = await json('/v1/models/sums:predict', { instances: [[1, 2]] })
    expect(headers.get('x-maas-model-version')).toBe('2')
    expect(headers.get('server-timing')).toBe('load;dur=0.000, prepare;dur=0.250, run;dur=1.500')
    expect(headers.get('x-request-id')).toBe('id-1')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  it.each([
    ['/v1/models/sums:predict', 2],
    ['/v1/models/sums/versions/7:predict', 7],
    ['/v1/models/sums/labels/production:predict', 1],
    ['/v1/models/sums/labels/latest:predict', 2],
  ])('%s runs version %d, the same that checked the input', async (path, version) => {
    const { json, asked } = setup()
    const response = await json(path, { signature_name: 'serving_default', instances: [[1, 2]] })
    expect(response.headers.get('x-maas-model-version')).toBe(String(version))
    expect(asked[0]?.reference).toEqual({ name: 'sums', version })
  })

  it.each(['image/jpeg', 'image/png', 'image/webp'])('takes %s as the whole body', async (type) => {
    const { post, asked } = setup()
    const response = await post('/v1/models/sums:predict', jpeg, type)
    expect(await response.json()).toEqual({ predictions: [[4, 2]] })
    expect(asked[0]?.input).toEqual({ kind: 'images', images: [jpeg] })
  })

  it.each(['application/json; charset=utf-8', 'application/vnd.maas+json', 'application/x-www-form-urlencoded', ''])(
    'reads JSON sent as "%s"',
    async (type) => {
      const { app } = setup()
      const body = Buffer.from('{"instances": [[1, 2]]}')
      const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
      expect((await app.request('/v1/models/sums:predict', { method: 'POST', body, headers })).status).toBe(200)
    },
  )

  it('keeps a good request id and replaces a bad one', async () => {
    const { app } = setup()
    const id = async (given: string) =>
      (await app.request('/healthz', { headers: { 'x-request-id': given } })).headers.get('x-request-id')
    expect(await id('abc-1.2_3')).toBe('abc-1.2_3')
    expect(await id('a b')).toBe('id-1')
    expect(await id('x'.repeat(65))).toBe('id-2')
  })
})

describe('classify', () => {
  it('answers label and score pairs, best first, for feature objects and images alike', async () => {
    const { json, post } = setup()
    const examples = await json('/v1/models/sums:classify', { examples: [{ x: [1, 2] }, { x: [3, -4] }] })
    expect(await examples.json()).toEqual({
      results: [
        [
          ['sum', 3],
          ['difference', -1],
        ],
        [
          ['difference', 7],
          ['sum', -1],
        ],
      ],
    })
    const image = await post('/v1/models/sums/labels/production:classify', jpeg, 'image/jpeg')
    expect(await image.json()).toEqual({
      results: [
        [
          ['sum', 4],
          ['difference', 2],
        ],
      ],
    })
    expect(image.headers.get('x-maas-model-version')).toBe('1')
  })

  it('adds the context to every example', async () => {
    const { json } = setup()
    const response = await json('/v1/models/sums:classify', { context: { x: [1, 2] }, examples: [{}, { x: [5, 5] }] })
    expect(await response.json()).toMatchObject({
      results: [
        [['sum', 3], expect.anything()],
        [['sum', 10], expect.anything()],
      ],
    })
  })
})

describe('status, metadata and health', () => {
  it('have the shapes of TensorFlow Serving', async () => {
    const { app } = setup()
    const version = (version: string) => ({
      version,
      state: 'AVAILABLE',
      status: { error_code: 'OK', error_message: '' },
    })
    expect(await (await app.request('/v1/models/sums')).json()).toEqual({
      model_version_status: [version('2'), version('1')],
    })
    expect(await (await app.request('/v1/models/sums/versions/1')).json()).toEqual({
      model_version_status: [version('1')],
    })
    const info = (name: string) => ({
      dtype: 'DT_FLOAT',
      tensor_shape: {
        dim: [
          { size: '-1', name: '' },
          { size: '2', name: '' },
        ],
        unknown_rank: false,
      },
      name: `${name}:0`,
    })
    expect(await (await app.request('/v1/models/sums/labels/production/metadata')).json()).toMatchObject({
      model_spec: { name: 'sums', signature_name: '', version: '1' },
      metadata: {
        signature_def: { signature_def: { serving_default: { inputs: { x: info('x') }, outputs: { y: info('y') } } } },
      },
    })
    expect(await (await app.request('/healthz')).json()).toEqual({ status: 'ok', loaded: ['sums:2'] })
  })

  it('answer HEAD without a body', async () => {
    const response = await setup().app.request('/v1/models/sums', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })
})

describe('what is refused', () => {
  it.each<[string, string, string, number, string]>([
    ['malformed JSON', '/v1/models/sums:predict', '{"instances": [1,}', 400, 'line 1 column 18 (position 17)'],
    ['bare NaN', '/v1/models/sums:predict', '{"instances": [[NaN, 1]]}', 400, 'NaN at line 1 column 17'],
    [
      'bare Infinity',
      '/v1/models/sums:predict',
      '{"instances": [[1, -Infinity]]}',
      400,
      '-Infinity at line 1 column 20',
    ],
    ['an empty body', '/v1/models/sums:predict', '', 400, 'The body is empty'],
    ['a JSON list', '/v1/models/sums:predict', '[[1,2]]', 400, 'must be a JSON object'],
    ['an unknown key', '/v1/models/sums:predict', '{"instance": [[1,2]]}', 400, 'instance'],
    [
      'an unknown signature',
      '/v1/models/sums:predict',
      '{"signature_name":"x","instances":[[1,2]]}',
      400,
      'serving_default',
    ],
    ['a wrong shape', '/v1/models/sums:predict', '{"instances": [[1,2,3]]}', 400, 'instances[0]: got a list of 3'],
    ['a wrong dtype', '/v1/models/sums:classify', '{"examples": [{"x": ["1", 2]}]}', 400, 'examples[0].x[0]: got "1"'],
    ['an empty batch', '/v1/models/sums:predict', '{"instances": []}', 400, 'at least one example'],
    ['too many rows', '/v1/models/sums:predict', '{"instances": [[1,2],[1,2],[1,2],[1,2]]}', 413, 'at most 3'],
    ['an unknown model', '/v1/models/sum:predict', '{"instances": [[1,2]]}', 404, 'Did you mean "sums"?'],
    ['an unknown label', '/v1/models/sums/labels/prod:predict', '{"instances": [[1,2]]}', 404, 'Alias "prod"'],
    ['a name that climbs', '/v1/models/..%2F..%2Fetc:predict', '{"instances": [[1,2]]}', 400, 'model: got "../../etc"'],
    ['a name with a null byte', '/v1/models/a%00b:predict', '{}', 400, 'model: got'],
    ['version 0', '/v1/models/sums/versions/0:predict', '{}', 400, 'a version is a whole number from 1'],
    ['a version of digits and letters', '/v1/models/sums/versions/1a:predict', '{}', 400, 'version: got "1a"'],
    ['an unknown operation', '/v1/models/sums:guess', '{}', 404, 'Nothing is at /v1/models/sums:guess'],
    [
      'a regression of a classifier',
      '/v1/models/sums:regress',
      '{"examples": [{"x": [1, 2]}]}',
      400,
      'is no regression',
    ],
  ])('%s', async (_, path, body, status, message) => {
    const response = await setup().post(path, body)
    expect(await response.json()).toEqual({ error: expect.stringContaining(message) })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/json')
  })

  it('a body over the limit, declared or counted', async () => {
    const { app, post } = setup()
    expect((await post('/v1/models/sums:predict', 'x'.repeat(1001))).status).toBe(413)
    const chunks = new ReadableStream({
      start: (controller) => {
        for (let i = 0; i < 11; i++) controller.enqueue(new Uint8Array(100).fill(32))
        controller.close()
      },
    })
    const counted = await app.request('/v1/models/sums:predict', {
      method: 'POST',
      body: chunks,
      duplex: 'half',
    } as RequestInit)
    expect(counted.status).toBe(413)
    expect(await counted.json()).toEqual({ error: expect.stringContaining('at most 1000') })
    const lying = await app.request('/v1/models/sums:predict', {
      method: 'POST',
      body: 'x'.repeat(1001),
      headers: { 'content-length': '5', 'content-type': 'application/json' },
    })
    expect(lying.status).toBe(413)
  })

  it('other content types and encodings, naming what is taken', async () => {
    const { app, post } = setup()
    const text = await post('/v1/models/sums:predict', 'hello', 'text/plain')
    expect(text.status).toBe(415)
    expect(await text.json()).toEqual({
      error:
        'content-type: got "text/plain"; this route takes application/json, image/jpeg, image/png, image/webp, multipart/form-data.',
    })
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const zipped = await app.request('/v1/models/sums:predict', { method: 'POST', body: 'x', headers })
    expect(zipped.status).toBe(415)
  })

  it('an image sent as JSON, saying which header was forgotten', async () => {
    const response = await setup().post('/v1/models/sums:predict', jpeg, 'application/x-www-form-urlencoded')
    expect(response.status).toBe(400)
    expect(await response.json()).toEqual({ error: expect.stringContaining('"content-type: image/jpeg"') })
  })

  it('other methods, naming what is allowed', async () => {
    const { app } = setup()
    const get = await app.request('/v1/models/sums:predict')
    expect([get.status, get.headers.get('allow')]).toEqual([405, 'POST'])
    const put = await app.request('/v1/models/sums/metadata', { method: 'PUT' })
    expect([put.status, put.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    expect(await put.json()).toEqual({ error: 'method: got PUT; this path takes GET, HEAD.' })
  })

  it('paths of the other function', async () => {
    const { app } = setup()
    const response = await app.request('/models')
    expect(response.status).toBe(404)
    expect(await response.json()).toMatchObject({ error: { code: 'not_found', request_id: 'id-1' } })
  })
})

describe('failures', () => {
  it('say when to come back', async () => {
    const { json } = setup({
      predict: async () => {
        throw new NotReadyError('loading', { retryAfter: 3 })
      },
    })
    const response = await json('/v1/models/sums:predict', { instances: [[1, 2]] })
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '3'])
  })

  it('of ours are logged with the request id and leak nothing', async () => {
    const { json, entries } = setup({
      predict: async () => {
        throw new Error('the password is hunter2')
      },
    })
    const response = await json('/v1/models/sums:predict', { instances: [[1, 2]] })
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('hunter2')
    expect(entries).toContainEqual(expect.objectContaining({ level: 'error', request_id: 'id-1' }))
    expect(entries[0]?.message).toContain('hunter2')
  })

  it('and all other requests leave one line without body, query or header values', async () => {
    const { app, entries } = setup()
    const headers = { authorization: 'Bearer secret', 'content-type': 'application/json' }
    const body = '{"instances": [[41, 1]]}'
    await app.request('/v1/models/sums:predict?key=secret', { method: 'POST', body, headers })
    expect(entries).toEqual([
      {
        level: 'info',
        at: '1970-01-01T00:00:01.000Z',
        message: 'request',
        request_id: 'id-1',
        method: 'POST',
        model: 'sums',
        version: '2',
        path: '/v1/models/sums:predict',
        operation: 'predict',
        status: 200,
        ms: 0,
      },
    ])
  })
})
