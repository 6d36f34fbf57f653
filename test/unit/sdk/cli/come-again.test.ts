import { describe, expect, it } from 'vitest'
import { comeAgain } from '../../../../sdk/src/cli/come-again.ts'
import { ConflictError } from '../../../../sdk/src/errors.ts'

const setup = (failures: number, error: Error) => {
  let [now, left] = [0, failures]
  const told: string[] = []
  const change = async () => {
    if (left-- > 0) throw error
    return 'moved'
  }
  const run = comeAgain(change, {
    clock: () => now,
    sleep: async (ms) => {
      now += ms
    },
    tell: (text) => void told.push(text),
  })
  return { run, told, now: () => now }
}

describe('a change that the service asks to repeat', () => {
  it('is repeated at the pace that the service names, and said to be once', async () => {
    const { run, told, now } = setup(3, new ConflictError('under way', { retryAfter: 20 }))
    expect(await run).toBe('moved')
    expect([told.length, now()]).toEqual([1, 60_000])
  })

  it('is given up after a quarter of an hour, with the service’s words', async () => {
    const { run, now } = setup(1e6, new ConflictError('under way', { retryAfter: 20 }))
    await expect(run).rejects.toThrow('under way')
    expect(now()).toBe(900_000)
  })

  it('is not repeated when the service does not say so', async () => {
    const { run, told } = setup(1, new ConflictError('the certificate fails'))
    await expect(run).rejects.toThrow('the certificate fails')
    expect(told).toEqual([])
  })
})
