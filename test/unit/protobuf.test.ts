import { describe, expect, it } from 'vitest'
import { MessageWriter, readFields, readString } from '../../layers/core/protobuf.ts'

describe('MessageWriter', () => {
  it('writes varints as the format defines them', () => {
    expect([...new MessageWriter().int(1, 150).finish()]).toEqual([0x08, 0x96, 0x01])
    expect([...new MessageWriter().int(1, 0).finish()]).toEqual([0x08, 0])
    expect([...new MessageWriter().int(1, -1).finish()]).toEqual([0x08, ...Array(9).fill(255), 1])
  })

  it('counts its bytes before they are joined', () => {
    const message = new MessageWriter().string(1, 'ä').message(2, new MessageWriter().float(3, 1))
    expect(message.length).toBe(message.finish().length)
  })
})

describe('readFields', () => {
  it('gives back what was written', () => {
    const message = new MessageWriter()
      .int(1, 2 ** 40)
      .string(16, 'text')
      .packedInts(3, [1, 300])
      .float(4, 0.5)
    const fields = [...readFields(message.finish())]
    expect(fields.map((field) => field.number)).toEqual([1, 16, 3, 4])
    expect(fields[0]?.int).toBe(2n ** 40n)
    expect(fields[1] && readString(fields[1])).toBe('text')
    expect([...(fields[2]?.bytes ?? [])]).toEqual([1, 0xac, 2])
  })

  it.each([
    ['a cut length', [0x0a, 5, 1]],
    ['a cut varint', [0x08, 0x80]],
    ['an endless varint', [0x08, ...Array(11).fill(0x80)]],
    ['a group, which is long out of use', [0x0b]],
  ])('refuses %s', (_, bytes) => {
    expect(() => [...readFields(Uint8Array.from(bytes))]).toThrow(/damaged/)
  })
})
