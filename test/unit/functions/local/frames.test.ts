import { describe, expect, it } from 'vitest'
import { type Frame, frameMemory, frameOf } from '../../../../functions/local/frames.ts'

const size = 1024
const bodies = [10, 100, 5000, 900, 5001, 3, 2000].map((length, index) => Buffer.alloc(length, index + 1))
const sent = Buffer.concat(bodies.flatMap((body, index) => frameOf({ index }, [body])))

/** What is read when a socket hands over at most `step` bytes at a time: each frame's bytes as they are then, and afterwards. */
const read = (step: number) => {
  const then: Buffer[] = []
  const frames: Frame[] = []
  const memory = frameMemory((frame) => {
    frames.push(frame)
    then.push(Buffer.from(frame.parts[0] as Buffer))
  }, size)
  for (let at = 0; at < sent.length; ) {
    const room = memory.buffer()
    const count = sent.copy(room, 0, at, Math.min(sent.length, at + step))
    expect(count).toBeGreaterThan(0)
    at += count
    memory.callback(count)
  }
  return { then, frames }
}

describe('frames read into the same memory', () => {
  it.each([1, 7, 64, 1000, 1024, 100_000])('are whole, however many bytes come at a time: %d', (step) => {
    const { then, frames } = read(step)
    expect(frames.map(({ message }) => message)).toEqual(bodies.map((_, index) => ({ index })))
    expect(then.every((body, index) => body.equals(bodies[index] as Buffer))).toBe(true)
  })

  it('say which bytes are overwritten: those of frames that fit', () => {
    const { frames } = read(64)
    expect(frames.map(({ lent }) => lent)).toEqual(bodies.map(({ length }) => length < size - 100))
    const kept = frames.map(({ parts: [part] }, index) => part?.equals(bodies[index] as Buffer))
    expect(kept[2]).toBe(true)
    expect(kept[4]).toBe(true)
    expect(kept[0]).toBe(false)
  })
})
