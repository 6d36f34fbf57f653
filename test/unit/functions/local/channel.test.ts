import { Duplex, PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { openChannel, type ToWorker } from '../../../../functions/local/channel.ts'

const messages: readonly ToWorker[] = [
  { id: 1, type: 'load', root: '/r', name: 'm', version: 2 },
  { id: 2, type: 'predict', input: { kind: 'plain', body: Buffer.alloc(100_000, 7), start: 13, maxRows: 4 } },
  { id: 3, type: 'predict', input: { kind: 'images', images: [Buffer.from('one')] } },
  { id: 4, type: 'predict', input: { kind: 'images', images: [Buffer.from('one'), Buffer.from('two')] } },
]

const nextTurn = () => new Promise((resolve) => setImmediate(resolve))

/** What arrives when the written bytes come in pieces of `size`. */
const through = async (size: number): Promise<unknown[]> => {
  const wire = new PassThrough({ highWaterMark: 1 << 20 })
  const sender = openChannel<ToWorker, never>(wire)
  for (const message of messages) sender.send(message)
  await nextTurn()
  const bytes = wire.read() as Buffer
  const arriving = new PassThrough({ highWaterMark: 1 << 20 })
  const got: unknown[] = []
  openChannel<never, ToWorker>(arriving).listen((message) => got.push(message))
  for (let at = 0; at < bytes.length; at += size) arriving.emit('data', bytes.subarray(at, at + size))
  return got
}

describe('the channel to a model process', () => {
  it.each([1_000_000, 65_536, 1000, 7])(
    'carries messages whole when they arrive in pieces of %d bytes',
    async (size) => {
      const got = (await through(size)) as ToWorker[]
      expect(got.map(({ id, type }) => [id, type])).toEqual(messages.map(({ id, type }) => [id, type]))
      const bodies = got.map((message) => message.type === 'predict' && message.input)
      expect(bodies[1]).toMatchObject({ kind: 'plain', start: 13, maxRows: 4 })
      expect(bodies[1] && bodies[1].kind === 'plain' && Buffer.alloc(100_000, 7).equals(bodies[1].body)).toBe(true)
      const images = bodies.map((input) => (input && input.kind === 'images' ? input.images.map(String) : []))
      expect(images.slice(2)).toEqual([['one'], ['one', 'two']])
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
    const { send } = openChannel<ToWorker, never>(wire)
    for (const message of messages.slice(0, 2)) send(message)
    await nextTurn()
    send(messages[0] as ToWorker)
    await nextTurn()
    expect(writes).toEqual([5, 2])
  })

  it('says so when the other side is gone', () => {
    const wire = new PassThrough()
    wire.destroy()
    expect(openChannel<ToWorker, never>(wire).send(messages[0] as ToWorker)).toBe(false)
  })
})
