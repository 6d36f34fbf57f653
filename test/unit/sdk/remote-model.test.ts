import { describe, expect, it } from 'vitest'
import { Maas } from '../../../sdk/src/index.ts'

const info = (dtype: string, ...sizes: number[]) => ({
  dtype,
  tensor_shape: { dim: sizes.map((size) => ({ size: String(size), name: '' })), unknown_rank: false },
})

interface Asked {
  readonly path: string
  readonly type: string | undefined
  readonly body: unknown
}

/** A service that doubles its input's first number, and tells its version. */
const service = (outputs: Record<string, unknown> = { y: info('DT_FLOAT', -1, 1) }) => {
  const asked: Asked[] = []
  const fetch = async (url: string | URL | globalThis.Request, init: RequestInit = {}) => {
    const path = String(url).replace('http://s', '')
    if (path.endsWith('/metadata')) {
      const signature_def = { serving_default: { inputs: { x: info('DT_FLOAT', -1, 2) }, outputs, method_name: '' } }
      return Response.json({ model_spec: { name: 'm', version: '7' }, metadata: { signature_def: { signature_def } } })
    }
    const headers = init.headers as Record<string, string>
    const body = typeof init.body === 'string' ? JSON.parse(init.body) : init.body
    asked.push({ path, type: headers['content-type'], body })
    const rows: unknown[] = body?.instances ?? body?.examples ?? [[1, 0]]
    const answer = (row: unknown) => (Array.isArray(row) ? row[0] * 2 : 1)
    const predictions =
      Object.keys(outputs).length > 1
        ? rows.map((row) => ({ y: [answer(row)], z: 3 }))
        : rows.map((row) => [answer(row)])
    const reply = path.endsWith(':classify')
      ? {
          results: rows.map(() => [
            ['cat', 0.75],
            ['dog', 0.25],
          ]),
        }
      : { predictions }
    return Response.json(reply, { headers: { 'x-maas-model-version': '7' } })
  }
  return { asked, maas: new Maas({ url: 'http://s', fetch: fetch as typeof globalThis.fetch, maxRetries: 0 }) }
}
const jpeg = (size = 10) => Uint8Array.from({ length: size }, (_, i) => [0xff, 0xd8, 0xff][i] ?? 1)

describe('a model behind a service', () => {
  it('knows its version and signature', async () => {
    const model = await service().maas.load('m@production')
    expect(model).toMatchObject({
      name: 'm',
      version: 7,
      signature: {
        inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
        outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
      },
    })
  })

  it('answers lists in lists and tensors in tensors', async () => {
    const { maas, asked } = service()
    const model = await maas.load('m@production')
    expect(
      await model.predict([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual([[2], [6]])
    expect(await model.predict({ data: new Float32Array([0.1, 2]), shape: [1, 2] })).toEqual({
      data: new Float32Array([0.2]),
      shape: [1, 1],
    })
    expect(asked.map(({ path }) => path)).toEqual(Array(2).fill('/v1/models/m/labels/production:predict'))
    expect(asked[1]?.body).toEqual({ instances: [[0.1, 2]] })
  })

  it('answers several outputs by name', async () => {
    const { maas } = service({ y: info('DT_FLOAT', -1, 1), z: info('DT_FLOAT', -1) })
    const model = await maas.load('m')
    expect(
      await model.predict([
        [1, 2],
        [3, 4],
      ]),
    ).toEqual({ y: [[2], [6]], z: [3, 3] })
  })

  it('gets one image as the body, several as base64', async () => {
    const { maas, asked } = service()
    const model = await maas.load('m')
    expect(await model.classify(jpeg())).toEqual([
      [
        { label: 'cat', probability: 0.75 },
        { label: 'dog', probability: 0.25 },
      ],
    ])
    expect(asked[0]).toMatchObject({ path: '/v1/models/m:classify', type: 'image/jpeg' })
    await model.classify([jpeg(), jpeg()])
    expect(asked[1]?.body).toEqual({ examples: Array(2).fill({ b64: Buffer.from(jpeg()).toString('base64') }) })
  })

  it('gets a large batch in several requests to the version that answered first, in order', async () => {
    const { maas, asked } = service()
    const model = await maas.load('m@production')
    const rows = Array.from({ length: 5000 }, (_, i) => [i, 0])
    const answers = await model.predict(rows)
    expect(answers).toEqual(rows.map(([i = 0]) => [i * 2]))
    expect(asked.map(({ path }) => path)).toEqual([
      '/v1/models/m/labels/production:predict',
      ...Array(4).fill('/v1/models/m/versions/7:predict'),
    ])
  })

  it('keeps every request under the size limit', async () => {
    const { maas, asked } = service()
    const model = await maas.load('m')
    await model.classify(Array.from({ length: 5 }, () => jpeg(1_500_000)))
    expect(asked).toHaveLength(3)
    const tensor = { data: new Float32Array(2_000_000).fill(1 / 3), shape: [1000, 2000] }
    await model.predict(tensor)
    for (const { body } of asked.slice(3)) expect(JSON.stringify(body).length).toBeLessThan(4 * 1024 * 1024 + 1000)
    expect(asked.length).toBeGreaterThan(5)
  })

  it('says where it can be saved, and does not answer once disposed of', async () => {
    const model = await service().maas.load('m:7')
    await expect(model.save('model.h5')).rejects.toThrow('npx maas export m:7 model.h5')
    await model.dispose()
    await expect(model.predict([[1, 2]])).rejects.toThrow('disposed')
  })
})

describe('the client', () => {
  it('has one method per thing a service manages', async () => {
    const asked: string[] = []
    const fetch = async (url: unknown, init: RequestInit = {}) => {
      asked.push(
        `${init.method} ${String(url).replace('http://s', '')} ${init.body ?? ''} ${(init.headers as Record<string, string>)['if-match'] ?? ''}`.trim(),
      )
      return init.method === 'DELETE'
        ? new Response(null, { status: 204 })
        : Response.json({ models: [], versions: [], aliases: [] })
    }
    const maas = new Maas({ url: 'http://s', fetch: fetch as typeof globalThis.fetch })
    await maas.health()
    await maas.models.list()
    await maas.models.get('m')
    await maas.versions.list('m')
    await maas.versions.get('m', 2)
    await maas.versions.evaluation('m', 2)
    await maas.versions.report('m', 2)
    await maas.versions.delete('m', 2)
    await maas.aliases.list('m')
    await maas.aliases.get('m', 'production')
    await maas.aliases.set('m', 'production', 2, { reason: 'better', generation: 4 })
    await maas.aliases.set('m', 'production', [
      { version: 1, weight: 90 },
      { version: 2, weight: 10 },
    ])
    await maas.aliases.delete('m', 'production')
    expect(asked).toEqual([
      'GET /healthz',
      'GET /models',
      'GET /models/m',
      'GET /models/m/versions',
      'GET /models/m/versions/2',
      'GET /models/m/versions/2/evaluation',
      'GET /models/m/versions/2/report',
      'DELETE /models/m/versions/2',
      'GET /models/m/aliases',
      'GET /models/m/aliases/production',
      'PUT /models/m/aliases/production {"version":2,"reason":"better"} "4"',
      'PUT /models/m/aliases/production {"targets":[{"version":1,"weight":90},{"version":2,"weight":10}]}',
      'DELETE /models/m/aliases/production',
    ])
  })

  it('asks for an address when it has none', () => {
    const before = process.env.MAAS_URL
    delete process.env.MAAS_URL
    expect(() => new Maas()).toThrow('give { url }, set MAAS_URL, or run npx maas login')
    if (before !== undefined) process.env.MAAS_URL = before
  })
})
