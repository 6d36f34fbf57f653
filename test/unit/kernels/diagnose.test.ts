/** What `maas doctor` finds, and that every fault comes with its fix. */
import { describe, expect, it } from 'vitest'
import { diagnose, type Kernels } from '../../../layers/core/kernels/index.ts'
import type { Machine } from '../../../layers/tfjs-node/index.mjs'

const machine: Machine = {
  node: '22.11.0',
  platform: 'linux',
  arch: 'x64',
  processor: 'Some CPU',
  features: ['avx', 'avx2', 'fma'],
  cache: { directory: '/cache', bytes: 0.6e9 },
  freeBytes: 50e9,
  neededBytes: 1.3e9,
  pip: 'pip 25.0',
  compiler: 'g++ 12',
}
const native = { backend: 'tensorflow', version: '2.21.0', native: { directory: '/cache/k' } } as unknown as Kernels
const wasm = { backend: 'wasm', version: '4.22.0' } as unknown as Kernels
const env = { XDG_CACHE_HOME: '/nowhere' }

const look = (kernels: Kernels, changes: Partial<Machine> = {}) =>
  diagnose({ load: async () => kernels, env, machine: { ...machine, ...changes } })

describe('diagnose', () => {
  it('finds nothing wrong with native kernels', async () => {
    const { backend, version, findings } = await look(native)
    expect({ backend, version }).toEqual({ backend: 'tensorflow', version: '2.21.0' })
    expect(findings.map(({ level }) => level)).toEqual(findings.map(() => 'ok'))
    expect(findings.map(({ what }) => what).join()).toMatch(/TensorFlow 2\.21\.0, native kernels from \/cache\/k/)
  })

  it('warns about the fallback, with the command that ends it', async () => {
    const { findings } = await look(wasm)
    expect(findings.find(({ level }) => level === 'warn')).toEqual({
      level: 'warn',
      what: expect.stringMatching(/8 times slower \(native kernels: not built on this machine yet\)/),
      fix: 'npm run build:kernels',
    })
  })

  it.each([
    ['an old Node', { node: '18.20.0' }, 'error', /Node 18\.20\.0 is too old/],
    ['a processor without AVX2', { features: ['avx'] }, 'warn', /lacks AVX2/],
    ['a full disk', { freeBytes: 0.2e9 }, 'error', /0\.2 GB free on its disk; building kernels needs 1\.3 GB/],
    ['no pip', { pip: undefined }, 'error', /python3 with pip was not found/],
  ] as const)('names %s and a fix', async (_what, changes, level, what) => {
    const { findings } = await look(wasm, changes)
    expect(findings).toContainEqual({ level, what: expect.stringMatching(what), fix: expect.any(String) })
  })

  it('reports kernels that do not load at all', async () => {
    const { backend, findings } = await diagnose({ load: () => Promise.reject(new Error('broken')), env, machine })
    expect(backend).toBe('none')
    expect(findings).toContainEqual({ level: 'error', what: 'broken', fix: 'npm run build:kernels' })
  })

  it('looks at this machine when told nothing', async () => {
    const { machine: seen } = await diagnose({ load: async () => wasm, env: { ...process.env, ...env } })
    expect(seen).toMatchObject({ node: process.versions.node, arch: process.arch })
    expect(seen.cache.directory).toBe('/nowhere/maas/kernels')
    expect(seen.freeBytes).toBeGreaterThan(0)
  })
})
