import { describe, expect, it } from 'vitest'
import { createGuard } from '../../../../functions/local/guard.ts'

const request = (headers: Record<string, string>, method = 'GET') =>
  ({ method, headers: new Headers(headers) }) as Request
const outcome = (guard: (request: Request) => void, headers: Record<string, string>, method?: string) => {
  try {
    guard(request(headers, method))
    return 'taken'
  } catch (error) {
    return (error as { status?: number; code: string }).status ?? (error as { code: string }).code
  }
}

describe('a service on loopback', () => {
  const guard = createGuard('127.0.0.1', ['maas.test'])

  it.each(['127.0.0.1:8501', 'localhost:8501', 'LOCALHOST', '[::1]:8501', '127.8.8.8', 'maas.test:1'])(
    'answers to %s',
    (host) => {
      expect(outcome(guard, { host })).toBe('taken')
    },
  )

  it.each([
    'evil.example',
    'evil.example:8501',
    '127.0.0.1.evil.example',
    'localhost.evil.example',
    '8.8.8.8',
    '',
    'a b',
  ])('refuses the host "%s"', (host) => {
    expect(outcome(guard, { host })).toBe(421)
  })

  it('refuses writes from pages of other sites, and leaves reading and programs alone', () => {
    const host = '127.0.0.1:8501'
    expect(outcome(guard, { host, origin: 'https://evil.example' }, 'POST')).toBe('forbidden')
    expect(outcome(guard, { host, origin: 'null' }, 'PUT')).toBe('forbidden')
    expect(outcome(guard, { host, origin: 'http://localhost:3000' }, 'POST')).toBe('taken')
    expect(outcome(guard, { host }, 'DELETE')).toBe('taken')
    expect(outcome(guard, { host, origin: 'https://evil.example' }, 'GET')).toBe('taken')
  })
})

describe('a service for the network', () => {
  const guard = createGuard('0.0.0.0', [])

  it('answers to any address, but to no name that it was not given', () => {
    expect(outcome(guard, { host: '10.1.2.3:8501' })).toBe('taken')
    expect(outcome(guard, { host: '[fe80::1]:8501' })).toBe('taken')
    expect(outcome(guard, { host: 'evil.example' })).toBe(421)
  })
})
