import type { PredictionResource } from '@maas/core/contract'
import { createPredictions, createWebhooks, type Deliver } from '@maas/core/predictions'
import { Webhook } from 'standardwebhooks'
import { describe, expect, it } from 'vitest'
import { createMemoryStore } from '../registry/memory-store.ts'

const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
const older = `whsec_${Buffer.alloc(24, 9).toString('base64')}`

interface Sent {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

const setup = (
  options: { answer?: () => Response | Promise<Response>; secrets?: string[]; deliver?: Deliver } = {},
) => {
  let now = Date.parse('2026-01-01T00:00:00Z')
  const sent: Sent[] = []
  const asked: Request[] = []
  const queue: string[] = []
  let next = 0
  const charged: unknown[] = []
  const clock = () => now
  const sleep = async (ms: number) => {
    now += ms
  }
  const deliver: Deliver =
    options.deliver ??
    (async (url, headers, body) => {
      sent.push({ url, headers, body })
      return 200
    })
  const predictions = createPredictions({
    store: createMemoryStore(),
    answer: async (request) => {
      asked.push(request)
      return (await options.answer?.()) ?? Response.json({ predictions: [[0.1, 0.9]] })
    },
    charge: async ({ id }, cost) => void charged.push([id, cost]),
    enqueue: (id) => void queue.push(id),
    webhooks: createWebhooks({ secrets: options.secrets ?? [secret], deliver, clock, sleep }),
    clock,
    sleep,
    ids: () => `id-${++next}`,
  })
  const create = (more: object = {}): Promise<PredictionResource> =>
    predictions.create({
      path: '/v1/models/m/labels/production:predict',
      contentType: 'application/json',
      body: Buffer.from('{"instances":[[1]]}'),
      model: 'm@production',
      ...more,
    })
  return { predictions, create, sent, asked, queue, charged, pass: (ms: number) => (now += ms) }
}

describe('an asynchronous prediction', () => {
  it('is answered as the same request would have been at once', async () => {
    const { predictions, create, asked, queue } = setup()
    const created = await create()
    expect(created).toMatchObject({
      id: 'id-1',
      status: 'starting',
      model: 'm@production',
      urls: { get: '/predictions/id-1' },
    })
    expect(queue).toEqual(['id-1'])
    expect(await predictions.run('id-1')).toBe('done')
    expect([asked[0]?.method, new URL(asked[0]?.url ?? '').pathname, await asked[0]?.text()]).toEqual([
      'POST',
      '/v1/models/m/labels/production:predict',
      '{"instances":[[1]]}',
    ])
    const done = await predictions.get('id-1')
    expect(done).toMatchObject({ status: 'succeeded', output: { predictions: [[0.1, 0.9]] } })
    expect(Object.keys(done)).not.toContain('request_sha256')
  })

  it('fails with the status and the words that the caller would have got', async () => {
    const { predictions, create } = setup({
      answer: () => Response.json({ error: 'instances: got nothing' }, { status: 400 }),
    })
    await create()
    await predictions.run('id-1')
    expect(await predictions.get('id-1')).toMatchObject({
      status: 'failed',
      error: { status: 400, message: 'instances: got nothing' },
    })
  })

  it('is tried again while the model is not ready, but not for ever', async () => {
    const { predictions, create } = setup({ answer: () => Response.json({ error: 'busy' }, { status: 503 }) })
    await create()
    const runs: string[] = []
    for (let at = 0; at < 5; at++) runs.push(await predictions.run('id-1'))
    expect(runs).toEqual(['again', 'again', 'again', 'again', 'done'])
    expect(await predictions.get('id-1')).toMatchObject({ status: 'failed', error: { status: 503 } })
  })

  it('runs once although it is delivered twice', async () => {
    const { predictions, create, asked } = setup()
    await create()
    await Promise.all([predictions.run('id-1'), predictions.run('id-1'), predictions.run('id-1')])
    await predictions.run('id-1')
    expect(asked).toHaveLength(1)
  })

  it('is taken over when whoever ran it died', async () => {
    let dies = true
    const { predictions, create, pass } = setup({
      answer: () => {
        if (dies) throw new Error('killed')
        return Response.json({ predictions: [] })
      },
    })
    await create()
    await expect(predictions.run('id-1')).rejects.toThrow('killed')
    dies = false
    expect(await predictions.run('id-1')).toBe('again')
    pass(121_000)
    expect(await predictions.sweep()).toEqual(['id-1'])
    expect(await predictions.run('id-1')).toBe('done')
    expect((await predictions.get('id-1')).status).toBe('succeeded')
  })

  it('that is cancelled while it runs stays cancelled', async () => {
    let finish = () => {}
    const { predictions, create } = setup({
      answer: () =>
        new Promise((resolve) => {
          finish = () => resolve(Response.json({ predictions: [] }))
        }),
    })
    await create()
    const running = predictions.run('id-1')
    await expect.poll(async () => (await predictions.get('id-1')).status).toBe('processing')
    expect((await predictions.cancel('id-1')).status).toBe('canceled')
    finish()
    await running
    expect((await predictions.get('id-1')).status).toBe('canceled')
  })

  it('goes back to the queue when the service stops under it', async () => {
    const controller = new AbortController()
    const { predictions, create } = setup({
      answer: () => {
        controller.abort()
        return Response.json({ error: 'canceled' }, { status: 499 })
      },
    })
    await create()
    expect(await predictions.run('id-1', controller.signal)).toBe('again')
    expect((await predictions.get('id-1')).status).toBe('starting')
  })

  it('expires, and is gone with its files', async () => {
    const { predictions, create, pass } = setup()
    await create()
    pass(24 * 3600 * 1000 + 1)
    await expect(predictions.get('id-1')).rejects.toThrow('expired')
    await expect(predictions.get('id-1')).rejects.toThrow('never was')
  })
})

describe('a prediction that a key asked for', () => {
  const caller = { id: 'a'.repeat(64), name: 'shop', counted: true, models: ['m'] }
  const priced = () => Response.json({ predictions: [[1]] }, { headers: { 'x-maas-cost': '0.25' } })

  it('is charged to it once, whoever is told of it twice, and says what it cost', async () => {
    const { predictions, create, charged, pass } = setup({ answer: priced })
    const { id } = await create({ caller })
    await Promise.all([predictions.run(id), predictions.run(id)])
    pass(300_000)
    await predictions.run(id)
    expect(charged).toEqual([[caller.id, 0.25]])
    expect((await predictions.get(id, caller)).metrics).toMatchObject({ cost: 0.25 })
  })

  it('is not charged when it fails, is cancelled, or nobody asked with a key', async () => {
    const failing = setup({ answer: () => Response.json({ error: 'no' }, { status: 400 }) })
    const failed = await failing.create({ caller })
    await failing.predictions.run(failed.id)
    const cancelled = setup({
      answer: async () => {
        await cancelled.predictions.cancel('id-1', caller)
        return priced()
      },
    })
    await cancelled.create({ caller })
    await cancelled.predictions.run('id-1')
    const open = setup({ answer: priced })
    await open.predictions.run((await open.create()).id)
    expect([failing.charged, cancelled.charged, open.charged]).toEqual([[], [], []])
  })

  it('is read and cancelled by that key alone, and answered as its request', async () => {
    const seen: unknown[] = []
    const { predictions, create, asked } = setup({
      answer: () => {
        seen.push(asked.at(-1)?.headers.get('x-maas-sticky'))
        return priced()
      },
    })
    const { id } = await create({ caller, headers: { 'x-maas-sticky': 'me' } })
    const other = { ...caller, id: 'b'.repeat(64) }
    for (const foreign of [undefined, other]) {
      await expect(predictions.get(id, foreign)).rejects.toThrow('There is no prediction')
      await expect(predictions.cancel(id, foreign)).rejects.toThrow('There is no prediction')
    }
    await predictions.run(id)
    expect(seen).toEqual(['me'])
    expect((await predictions.get(id, caller)).status).toBe('succeeded')
  })

  it('may choose an idempotency key that another has chosen', async () => {
    const { create } = setup()
    const mine = await create({ caller, idempotencyKey: 'order' })
    const theirs = await create({ caller: { ...caller, id: 'b'.repeat(64) }, idempotencyKey: 'order' })
    expect(theirs.id).not.toBe(mine.id)
    expect((await create({ caller, idempotencyKey: 'order' })).id).toBe(mine.id)
  })

  it('keeps bytes with the header that says how to read them', async () => {
    const headers = { 'content-type': 'application/octet-stream', 'inference-header-content-length': '2' }
    const { predictions, create } = setup({ answer: () => new Response('{}\0', { headers }) })
    const { id } = await create()
    await predictions.run(id)
    expect((await predictions.get(id)).output).toEqual({
      b64: Buffer.from('{}\0').toString('base64'),
      headers: { 'inference-header-content-length': '2' },
    })
  })
})

describe('an idempotency key', () => {
  it('makes the same request the same prediction', async () => {
    const { create, queue } = setup()
    const results = await Promise.all([1, 2, 3, 4].map(() => create({ idempotencyKey: 'order-7' })))
    expect(new Set(results.map(({ id }) => id)).size).toBe(1)
    expect(queue).toHaveLength(1)
  })

  it('is refused for another request, whose input never gets in', async () => {
    const { predictions, create, asked } = setup()
    const body = Buffer.from('{"instances":[[2]]}')
    const results = await Promise.allSettled([create({ idempotencyKey: 'k' }), create({ idempotencyKey: 'k', body })])
    const made = results.find((result) => result.status === 'fulfilled')
    const refused = results.find((result) => result.status === 'rejected')
    expect(refused?.reason).toMatchObject({ code: 'conflict' })
    await predictions.run(made?.value.id ?? '')
    expect(await asked[0]?.text()).toBe(
      results[0]?.status === 'fulfilled' ? '{"instances":[[1]]}' : '{"instances":[[2]]}',
    )
  })
})

describe('a webhook', () => {
  const webhook = 'https://example.org/hook'

  it('is signed so that the standard’s own library accepts it, and an altered one not', async () => {
    const { predictions, create, sent } = setup()
    await create({ webhook })
    await predictions.run('id-1')
    expect(sent.map(({ headers }) => headers['webhook-id'])).toEqual(['id-1-start', 'id-1-completed'])
    const { headers, body } = sent[1] as Sent
    const now = Date.now
    Date.now = () => Number(headers['webhook-timestamp']) * 1000
    try {
      expect(new Webhook(secret).verify(body, { ...headers })).toMatchObject({ id: 'id-1', status: 'succeeded' })
      expect(() => new Webhook(secret).verify(`${body} `, { ...headers })).toThrow('No matching signature')
      expect(() => new Webhook(older).verify(body, { ...headers })).toThrow('No matching signature')
      // Replayed or from a clock that is off by more than five minutes.
      for (const skew of [-301, 301]) {
        Date.now = () => (Number(headers['webhook-timestamp']) + skew) * 1000
        expect(() => new Webhook(secret).verify(body, { ...headers })).toThrow(/too (old|new)/)
      }
    } finally {
      Date.now = now
    }
  })

  it('carries both signatures while a secret is rotated', async () => {
    const { predictions, create, sent } = setup({ secrets: [secret, older] })
    await create({ webhook, events: ['completed'] })
    await predictions.run('id-1')
    expect(sent).toHaveLength(1)
    const { headers, body } = sent[0] as Sent
    const now = Date.now
    Date.now = () => Number(headers['webhook-timestamp']) * 1000
    try {
      for (const accepted of [secret, older]) expect(new Webhook(accepted).verify(body, { ...headers })).toBeTruthy()
    } finally {
      Date.now = now
    }
  })

  it('is tried three times under one id, and what became of it is kept', async () => {
    const tried: string[] = []
    const deliver: Deliver = async (_, headers) => {
      tried.push(headers['webhook-id'] ?? '')
      return 500
    }
    const { predictions, create } = setup({ deliver })
    await create({ webhook, events: ['completed'] })
    await predictions.run('id-1')
    expect(tried).toEqual(['id-1-completed', 'id-1-completed', 'id-1-completed'])
    expect((await predictions.get('id-1')).webhook_delivery).toBe(
      'completed: not delivered after 3 tries: it answered 500',
    )
  })

  it.each([
    ['http://example.org/hook', 'only https'],
    ['https://user@example.org/', 'user name'],
  ])('to %s is refused', async (url, words) => {
    await expect(setup().create({ webhook: url })).rejects.toThrow(words)
  })

  it('is refused where there is no secret to sign with', async () => {
    await expect(setup({ secrets: [] }).create({ webhook })).rejects.toThrow('MAAS_WEBHOOK_SECRETS')
  })
})
