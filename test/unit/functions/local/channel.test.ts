import { Duplex, PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { type FromWorker, openChannel, sendOver, type ToWorker } from '../../../../functions/local/channel.ts'

const messages: readonly ToWorker[] = [
  { id: 1, type: 'load', root: '/r', name: 'm', version: 2 },
  { id: 2, type: 'predict', input: { kind: 'plain', body: Buffer.alloc(100_000, 7), start: 13, maxRows: 4 } },
  { id: 3, type: 'predict', input: { kind: 'images', images: [Buffer.from('one')] } },
  { id: 4, type: 'predict', input: { kind: 'images', images: [Buffer.from('one'), Buffer.from('two')] } },
]

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** What arrives when the written bytes come in pieces of `size`. */
const through = async <T extends object>(size: number, sent: readonly T[]): Promise<T[]> => {
  const wire = new PassThrough({ highWaterMark: 1 << 20 })
  const sender = sendOver<T>(wire)
  for (const message of sent) sender.send(message)
  await nextTurn()
  const bytes = wire.read() as Buffer
  const arriving = new PassThrough({ highWaterMark: 1 << 20 })
  const got: T[] = []
  openChannel<never, T>(arriving, (message) => got.push(message))
  for (let at = 0; at < bytes.length; at += size) arriving.emit('data', bytes.subarray(at, at + size))
  return got
}

describe('the channel to a model process', () => {
  it.each([1_000_000, 65_536, 1000, 7])(
    'carries messages whole when they arrive in pieces of %d bytes',
    async (size) => {
      const got = await through(size, messages)
      expect(got.map(({ id, type }) => [id, type])).toEqual(messages.map(({ id, type }) => [id, type]))
      const bodies = got.map((message) => message.type === 'predict' && message.input)
      expect(bodies[1]).toMatchObject({ kind: 'plain', start: 13, maxRows: 4 })
      expect(bodies[1] && bodies[1].kind === 'plain' && Buffer.alloc(100_000, 7).equals(bodies[1].body)).toBe(true)
      const images = bodies.map((input) => (input && input.kind === 'images' ? input.images.map(String) : []))
      expect(images.slice(2)).toEqual([['one'], ['one', 'two']])
    },
  )

  it.each([1_000_000, 65_537, 1001, 7])(
    'carries tensors of every type to the bit, in pieces of %d bytes',
    async (size) => {
      const tensors = {
        odd: { dtype: 'uint8', shape: [3], data: Uint8Array.of(1, 2, 255) },
        weights: { dtype: 'float32', shape: [4], data: Float32Array.of(0.1, -0, Number.NaN, 3.4e38).subarray(1) },
        many: { dtype: 'int32', shape: [3000], data: Int32Array.from({ length: 3000 }, (_, i) => i - 7) },
        flags: { dtype: 'bool', shape: [2], data: Uint8Array.of(0, 1) },
        words: { dtype: 'string', shape: [2], data: ['ö', '{"$":1}'] },
        none: { dtype: 'float32', shape: [0], data: new Float32Array() },
      } as const
      const rows = [{ input: 'ö', value: null, zero: -0, high: Number.POSITIVE_INFINITY, tenth: 0.1 }, { flag: true }]
      const timings = { prepare: 0.25, run: 1.5 }
      const sent: (ToWorker | FromWorker)[] = [
        { id: 1, type: 'predict', input: { kind: 'tensors', tensors } },
        { id: 2, type: 'predict', input: { kind: 'rows', rows } },
        { id: 3, type: 'answer', value: { outputs: tensors, timings } },
        { type: 'notice', text: 'a' },
        { id: 4, type: 'answer', value: { outputs: {}, timings } },
      ]
      expect(await through(size, sent)).toEqual(sent)
    },
  )

  it('writes what is sent together at once', async () => {
    const writes: number[] = []
    const wire = new Duplex({
      read: () => {},
      writev: (chunks, done) => {
        writes.push(chunks.length)
        done()
      },
    })
    const { send } = sendOver<ToWorker>(wire)
    for (const message of messages.slice(0, 2)) send(message)
    await nextTurn()
    send(messages[0] as ToWorker)
    await nextTurn()
    expect(writes).toEqual([3, 1])
  })

  it('says so when the other side is gone', () => {
    const wire = new PassThrough()
    wire.destroy()
    expect(sendOver<ToWorker>(wire).send(messages[0] as ToWorker)).toBe(false)
  })
})
