/** The installer of test tools: what it says when something is missing, and that only a finished environment is found. */
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findTools, setDirectory } from '../../tools/sets.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tools-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the installer with a shell script in the place of Python; the script sees Python's arguments in `$*`. */
function install(script: string) {
  const python = join(folder, 'python')
  writeFileSync(python, `#!/bin/sh\n${script}\n`)
  chmodSync(python, 0o755)
  return installWith(python)
}

function installWith(python: string) {
  const env = { ...process.env, XDG_CACHE_HOME: folder, PYTHON: python }
  const ran = spawnSync(process.execPath, ['test/tools/install.mjs'], { env, encoding: 'utf8' })
  return { status: ran.status, said: ran.stderr, printed: ran.stdout.trim(), env }
}

const good = `
case "$*" in
  *platform*) echo 3.12.4;;
  '-m pip --version') echo 'pip 24.0 from somewhere';;
  '-m venv'*) mkdir -p "$4/bin"; printf '#!/bin/sh\\n' > "$4/bin/python"; chmod +x "$4/bin/python";;
  *install*) INSTALL;;
esac`

describe('installing test tools', () => {
  it('names python3 and what to install when there is no Python', () => {
    const { status, said } = installWith(join(folder, 'absent'))
    expect(status).toBe(1)
    expect(said).toContain('absent was not found. Install Python 3.11 or newer')
  })

  it('says that a Python without venv needs python3-venv', () => {
    expect(install('exit 1').said).toContain('apt-get install python3-venv')
  })

  it('refuses an old Python by its version', () => {
    expect(install('echo 3.9.2').said).toContain('is Python 3.9.2; the pinned tools need 3.11 or newer')
  })

  it('refuses an old pip by its version', () => {
    const { said } = install(good.replace('pip 24.0', 'pip 22.0.2'))
    expect(said).toContain('pip 22.0.2 is too old; 22.3 or newer is needed')
  })

  it('explains an unreachable index and leaves nothing that could be taken for tools', () => {
    const { status, said, env } = install(good.replace('INSTALL', 'echo "NewConnectionError: nope"; exit 1'))
    expect(status).toBe(1)
    expect(said).toContain('the package index could not be reached')
    expect(readdirSync(setDirectory('base', env))).toEqual([])
    expect(findTools('base', env)).toBeUndefined()
  })

  it('prints the environment of a finished install and makes it only once', () => {
    const first = install(good.replace('INSTALL', ':'))
    expect(first.status).toBe(0)
    expect(first.printed).toBe(findTools('base', first.env))
    expect(install('exit 1').printed).toBe(first.printed)
  })

  it('makes a new environment when the old one lost its interpreter', () => {
    const first = install(good.replace('INSTALL', ':'))
    rmSync(join(first.printed, 'bin'), { recursive: true })
    const second = install(good.replace('INSTALL', ':'))
    expect(second.status).toBe(0)
    expect(second.printed).not.toBe(first.printed)
    expect(findTools('base', second.env)).toBe(second.printed)
  })
})
