/** The command line: help, exit codes, and no stack trace for a person's mistake. */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
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
})
