/** What a person reads when a build cannot go on, and that nothing half-made is left behind. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type BuildOptions, buildKernels, kernelCacheDirectory, type Ran } from '../../../../layers/tfjs-node/index.mjs'
import { temporaryFolder } from './support.ts'

const linux = { platform: 'linux', arch: 'x64' }
const plenty = async () => 1e12

/** A build whose pip says `output` and ends with `status`. */
function buildWithPip(cache: string, ran: Ran, options: Partial<BuildOptions> = {}) {
  return buildKernels({
    ...linux,
    env: { XDG_CACHE_HOME: cache },
    tools: { run: async () => ran, freeBytes: plenty },
    ...options,
  })
}

describe('a build that cannot download', () => {
  it.each([
    ['python', { status: -1, output: 'spawn python3 ENOENT' }, /python3 was not found\. Install Python/],
    ['pip', { status: 1, output: '/usr/bin/python3: No module named pip' }, /no pip\. Install it: apt-get install/],
    [
      'network',
      { status: 1, output: 'NewConnectionError: [Errno -3] Temporary failure in name resolution' },
      /PIP_FIND_LINKS/,
    ],
    [
      'network',
      { status: 1, output: 'WARNING: Retrying ... ProxyError\nERROR: No matching distribution found' },
      /proxy/,
    ],
    [
      'index',
      { status: 1, output: 'ERROR: No matching distribution found for tensorflow-cpu==2.21.0' },
      /does not offer it/,
    ],
    [
      'hash',
      { status: 1, output: 'ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE' },
      /not the pinned one/,
    ],
    ['disk', { status: 1, output: 'OSError: [Errno 28] No space left on device' }, /disk filled up/],
    ['pip', { status: 3, output: 'something\nnobody foresaw' }, /code 3 \(nobody foresaw\)/],
  ])('says what to do about %s', async (code, ran, message) => {
    const cache = temporaryFolder()
    const building = buildWithPip(cache, ran)
    await expect(building).rejects.toMatchObject({
      name: 'KernelsError',
      code,
      message: expect.stringMatching(message),
    })
    expect(readdirSync(kernelCacheDirectory({ XDG_CACHE_HOME: cache }))).toEqual([])
  })

  it('says so when pip succeeds without leaving a file', async () => {
    const building = buildWithPip(temporaryFolder(), { status: 0, output: '' })
    await expect(building).rejects.toThrow(/left no wheel behind\. Run the build again/)
  })

  it('says the wheel is unreadable when the file is no zip', async () => {
    const building = buildKernels({
      ...linux,
      env: { XDG_CACHE_HOME: temporaryFolder() },
      tools: {
        freeBytes: plenty,
        run: async (_command, args) => {
          writeFileSync(join(args[args.indexOf('--dest') + 1] as string, 'tensorflow.whl'), 'not a zip')
          return { status: 0, output: '' }
        },
      },
    })
    await expect(building).rejects.toMatchObject({ code: 'wheel' })
  })
})

describe('a build without enough disk', () => {
  it('is refused before anything is downloaded, with both figures', async () => {
    const started: string[] = []
    const building = buildKernels({
      ...linux,
      env: { XDG_CACHE_HOME: temporaryFolder() },
      tools: {
        freeBytes: async () => 0.4e9,
        run: async (command) => {
          started.push(command)
          return { status: 0, output: '' }
        },
      },
    })
    await expect(building).rejects.toThrow(/needs 1\.3 GB free under .*; 0\.4 GB are available/)
    expect(started).toEqual([])
  })

  it('keeps nothing when the disk fills up on the way', async () => {
    const cache = temporaryFolder()
    const full = Object.assign(new Error('write failed'), { code: 'ENOSPC' })
    const building = buildWithPip(
      cache,
      { status: 0, output: '' },
      { tools: { run: () => Promise.reject(full), freeBytes: plenty } },
    )
    await expect(building).rejects.toThrow(/filled up; nothing was kept/)
    expect(readdirSync(kernelCacheDirectory({ XDG_CACHE_HOME: cache }))).toEqual([])
  })
})

describe('the cache folder', () => {
  it('follows XDG_CACHE_HOME when it is absolute, else the home folder', () => {
    expect(kernelCacheDirectory({ XDG_CACHE_HOME: '/x', HOME: '/home/a' })).toBe('/x/maas/kernels')
    expect(kernelCacheDirectory({ XDG_CACHE_HOME: 'relative', HOME: '/home/a' })).toBe('/home/a/.cache/maas/kernels')
  })

  it('that cannot be written is named, with what to set', async () => {
    const file = join(temporaryFolder(), 'a-file')
    writeFileSync(file, '')
    const building = buildWithPip(file, { status: 0, output: '' })
    await expect(building).rejects.toThrow(/cannot be written \(ENOTDIR\)\. Set XDG_CACHE_HOME/)
    expect(existsSync(file)).toBe(true)
  })
})

it('names the machines there are kernels for when asked for another', async () => {
  await expect(buildKernels({ platform: 'win32', arch: 'x64' })).rejects.toThrow(
    /for win32-x64: there are linux-x64, linux-arm64, darwin-arm64/,
  )
})
