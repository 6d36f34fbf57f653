/** The command line: help, exit codes, and no stack trace for a person's mistake. */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { kernelCacheDirectory } from '../../../../layers/tfjs-node/index.mjs'
import { temporaryFolder } from './support.ts'

const command = fileURLToPath(new URL('../../../../layers/tfjs-node/build.mjs', import.meta.url))

function build(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  return spawnSync(process.execPath, [command, ...args], { encoding: 'utf8', env: { ...process.env, ...env } })
}

describe('build.mjs', () => {
  it('explains itself', () => {
    const { status, stdout } = build(['--help'])
    expect(status).toBe(0)
    expect(stdout).toContain('npm run build:kernels -- --arch arm64 --bundle')
  })

  it.each([
    [['--nope'], /Unknown option '--nope'\. See --help/],
    [['--arch', 'mips'], /No native kernels for linux-mips|for darwin-mips/],
    [['--compiler', 'tcc'], /--compiler is "tcc"; allowed are auto, system and zig/],
    [['stray'], /Unexpected argument 'stray'/],
  ])('ends with 2 on %j', (args, message) => {
    const { status, stderr } = build(args)
    expect(status).toBe(2)
    expect(stderr).toMatch(message)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('ends with 1 and one sentence when python3 is missing', () => {
    const { status, stderr } = build([], { XDG_CACHE_HOME: temporaryFolder(), PYTHON: '/nowhere/python3' })
    expect(status).toBe(1)
    expect(stderr).toMatch(/python3 was not found\. Install Python/)
    expect(stderr).not.toMatch(/\n\s+at /)
  })

  it('ends with 130 at Ctrl-C and keeps nothing half-made', async () => {
    const folder = temporaryFolder()
    const [cache, started, python] = ['cache', 'started', 'python3'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ]
    // Downloads for a minute, as far as the build can tell.
    writeFileSync(python, `#!/bin/sh\ntouch '${started}'\nexec sleep 60\n`, { mode: 0o755 })
    const env = { ...process.env, XDG_CACHE_HOME: cache, PYTHON: python }
    const child = spawn(process.execPath, [command], { env, stdio: ['ignore', 'ignore', 'pipe'] })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk
    })
    const ended = new Promise((resolve) => child.once('close', resolve))
    await expect.poll(() => existsSync(started), { timeout: 20_000 }).toBe(true)
    child.kill('SIGINT')
    expect(await ended).toBe(130)
    expect(said).toContain('nothing half-made was kept')
    expect(said).not.toMatch(/\n\s+at /)
    expect(readdirSync(kernelCacheDirectory({ XDG_CACHE_HOME: cache }))).toEqual([])
  })
})
