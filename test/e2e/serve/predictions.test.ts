/** Predictions that are answered later, over HTTP: the same answers as at once, kept over a restart, told by webhook. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PredictionResource } from '@maas/core/contract'
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ask, makeRegistry, post, type Reply, rowsOf, runService } from './running.ts'

const secret = `whsec_${Buffer.alloc(24, 3).toString('base64')}`
const options = { webhookSecrets: [secret], webhookAddresses: ['127.0.0.1'] }

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root, ...options })
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
})

const resource = ({ body }: Reply) => body as PredictionResource
const body = { instances: rowsOf(2) }
const later = (headers: Record<string, string>, path = '/v1/models/tiny/labels/production:predict') =>
  ask(`${service.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
const get = async (id: string) => resource(await ask(`${service.url}/predictions/${id}`))

describe('a prediction that is answered later', () => {
  it('is accepted, and ends with the answer of the same request', async () => {
    const accepted = await later({ prefer: 'respond-async' })
    expect([accepted.status, accepted.headers.get('preference-applied')]).toEqual([202, 'respond-async'])
    const { id } = resource(accepted)
    expect(accepted.headers.get('location')).toBe(`/predictions/${id}`)
    await expect.poll(async () => (await get(id)).status, { timeout: 20_000 }).toBe('succeeded')
    const now = await later({})
    expect((await get(id)).output).toEqual(now.body)
  })

  it('is answered within the time the caller waits', async () => {
    const reply = await later({ prefer: 'wait=20' })
    expect(reply.status).toBe(200)
    expect(resource(reply)).toMatchObject({ status: 'succeeded', metrics: { predict_time: expect.any(Number) } })
  })

  it('can be asked for as a resource, under one idempotency key once', async () => {
    const request = { operation: 'predict', model: 'tiny:1', input: body }
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'order-7', prefer: 'wait=20' }
    const create = (sent: unknown) =>
      ask(`${service.url}/predictions`, { method: 'POST', headers, body: JSON.stringify(sent) })
    const [first, second] = [await create(request), await create(request)]
    expect(resource(second).id).toBe(resource(first).id)
    expect(resource(first).output).toEqual((await post(`${service.url}/v1/models/tiny/versions/1:predict`, body)).body)
    const other = await create({ ...request, model: 'tiny:2' })
    expect([other.status, other.body]).toMatchObject([409, { error: { code: 'conflict', param: 'idempotency-key' } }])
  })

  it('says in the resource what is wrong with the request', async () => {
    const reply = await later({ prefer: 'wait=20' }, '/v1/models/nobody:predict')
    expect(resource(reply)).toMatchObject({ status: 'failed', error: { status: 404 } })
  })

  it.each(['wait=soon', 'wait=-1'])('refuses the preference %s', async (prefer) => {
    expect((await later({ prefer })).status).toBe(400)
  })

  it('tells a webhook, whose signature the standard’s own library accepts', async () => {
    const told: unknown[] = []
    const receiver = createServer((request, response) => {
      let text = ''
      request.on('data', (chunk: Buffer) => {
        text += chunk.toString()
      })
      request.on('end', () => {
        told.push(new Webhook(secret).verify(text, request.headers as Record<string, string>))
        response.end()
      })
    })
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
    const { port } = receiver.address() as AddressInfo
    const { id } = resource(await later({ prefer: 'respond-async', 'x-maas-webhook': `http://127.0.0.1:${port}/` }))
    await expect.poll(() => told.length, { timeout: 20_000 }).toBe(2)
    expect(told).toMatchObject([
      { id, status: 'processing' },
      { id, status: 'succeeded' },
    ])
    await expect.poll(async () => (await get(id)).webhook_delivery).toBe('completed: delivered')
    receiver.close()
  })

  it('may not send its webhook into a private network', async () => {
    const { id } = resource(await later({ prefer: 'wait=20', 'x-maas-webhook': 'https://10.0.0.1/' }))
    await expect
      .poll(async () => (await get(id)).webhook_delivery, { timeout: 20_000 })
      .toMatch(/^completed: not delivered.*not allowed/)
  })

  it('is not lost when the service stops before it ran', async () => {
    const ids: string[] = []
    for (let at = 0; at < 20; at++) ids.push(resource(await later({ prefer: 'respond-async' })).id)
    await service.close()
    service = await runService({ root: registry.root, ...options })
    await expect
      .poll(
        async () =>
          (await Promise.all(ids.map(async (id) => (await get(id)).status))).filter((status) => status !== 'succeeded'),
        {
          timeout: 60_000,
        },
      )
      .toEqual([])
  })
})
