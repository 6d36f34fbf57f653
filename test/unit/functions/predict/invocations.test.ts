import { containerRoutes, limits } from '@maas/core/contract'
import { createApp } from '@maas/core/http'
import { type ModelHost, readPlain, type ServedModel } from '@maas/core/predict'
import { predictHandlers } from '@maas/predict'
import { describe, expect, it } from 'vitest'
import { answerType } from '../../../../functions/predict/invocations.ts'

describe('accept', () => {
  it.each([
    [null, 'application/json'],
    ['*/*', 'application/json'],
    ['text/csv', 'text/csv'],
    ['application/json;q=0.1, text/csv', 'text/csv'],
    ['image/png, application/x-npy;q=0.5', 'application/x-npy'],
    ['text/*', 'text/csv'],
    ['application/x-npy;q=0, */*', 'application/json'],
  ])('%s is answered with %s', (accept, type) => {
    expect(answerType(accept)).toBe(type)
  })

  it('of anything else is refused with what there is', () => {
    expect(() => answerType('image/png')).toThrow(
      'application/json, application/jsonlines, text/csv, application/x-npy',
    )
  })
})

describe('an invocation', () => {
  /** Adds one to each value. */
  const setup = () => {
    const model: ServedModel = {
      name: 'm',
      version: 1,
      labels: ['a', 'b'],
      bytes: 1,
      preprocess: { kind: 'tensor' },
      signature: {
        inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
        outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 2] }],
      },
    }
    const host: ModelHost = {
      describe: async () => model,
      predict: async (_, given) => {
        const input = given.kind === 'plain' ? readPlain(given, model, undefined) : given
        const { x } = input.kind === 'tensors' ? input.tensors : {}
        if (x === undefined) throw new Error(`got ${input.kind}`)
        const data = (x.data as Float32Array).map((value) => value + 1)
        return { model, outputs: { y: { ...x, data } }, timings: { prepare: 0, run: 0 } } as never
      },
      versions: async () => [1],
      shadow: async () => undefined,
      loaded: () => [],
      close: async () => {},
    }
    const handlers = predictHandlers({ host, models: async () => [], limits, clock: () => 0 })
    const invocations = (call: Parameters<typeof handlers.invokeEndpoint>[0]) =>
      handlers.invokeEndpoint({ ...call, params: { endpoint: 'm' } })
    const app = createApp(
      { invocations },
      { log: () => {}, limits, clock: () => 0, ids: () => 'id', routes: containerRoutes },
    )
    return async (body: string, headers: Record<string, string>) => {
      const response = await app.request('/invocations', { method: 'POST', body, headers })
      return [response.status, response.headers.get('content-type'), await response.text()]
    }
  }

  it.each([
    ['{"instances":[[1,2]]}', 'application/json', undefined, '{"predictions":[[2,3]]}'],
    ['{"inputs":[[1,2]]}', 'application/json', undefined, '{"outputs":[[2,3]]}'],
    ['[[1,2]]', 'application/json', undefined, '{"predictions":[[2,3]]}'],
    ['[1,2]\n\n[3,4]\n', 'application/jsonlines', 'application/jsonlines', '[2,3]\n[4,5]\n'],
    ['1,2\n3,4\n', 'text/csv', undefined, '{"predictions":[[2,3],[4,5]]}'],
    ['1,2\n3,4\n', 'text/csv; charset=utf-8', 'text/csv', '2,3\n4,5\n'],
    ['{"instances":[[1,2]]}', 'application/json', 'text/csv', '2,3\n'],
  ])('%s as %s, asked for as %s', async (body, type, accept, answer) => {
    const invoke = setup()
    const [status, got, text] = await invoke(body, { 'content-type': type, ...(accept && { accept }) })
    expect([status, got, text]).toEqual([200, accept ?? 'application/json', answer])
  })

  it('classifies where TensorFlow Serving’s attribute says so', async () => {
    const invoke = setup()
    const attribute = (method: string) => ({
      'content-type': 'application/json',
      'x-amzn-sagemaker-custom-attributes': `tfs-model-name=m,tfs-method=${method}`,
    })
    const body = JSON.stringify({ examples: [{ x: [1, 2] }] })
    const answer = JSON.stringify({
      results: [
        [
          ['b', 3],
          ['a', 2],
        ],
      ],
    })
    expect(await invoke(body, attribute('classify'))).toEqual([200, 'application/json', answer])
    expect((await invoke(body, { ...attribute('classify'), accept: 'text/csv' }))[0]).toBe(406)
    expect((await invoke(body, attribute('train')))[0]).toBe(400)
  })

  it.each([
    ['<x/>', { 'content-type': 'text/xml' }, 415],
    ['{"instances":[[1,2]]}', { 'content-type': 'application/json', accept: 'image/png' }, 406],
    ['[1,2]\n{', { 'content-type': 'application/jsonlines' }, 400],
    ['1,2,3', { 'content-type': 'text/csv' }, 400],
  ])('%s with %j is refused with %i', async (body, headers, status) => {
    const [got, type, text] = await setup()(body, headers as Record<string, string>)
    expect([got, type]).toEqual([status, 'application/json'])
    expect(JSON.parse(String(text))).toEqual({ error: expect.any(String) })
  })
})
