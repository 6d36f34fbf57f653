/** Temporary folders and a small tree of pretended kernels for the tests in this folder. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach } from 'vitest'
import type { Manifest } from '../../../../layers/tfjs-node/index.mjs'

const made: string[] = []

afterEach(() => {
  for (const directory of made.splice(0)) rmSync(directory, { recursive: true, force: true })
})

/** An empty folder that is deleted after the test. */
export function temporaryFolder(): string {
  const directory = mkdtempSync(join(tmpdir(), 'maas-kernels-test-'))
  made.push(directory)
  return directory
}

/** Writes files and a manifest that describes them, as a finished build does. */
export function writeTree(
  directory: string,
  content: Record<string, Buffer> = { 'native.cjs': Buffer.from('//') },
): Manifest {
  mkdirSync(directory, { recursive: true })
  for (const [name, bytes] of Object.entries(content)) writeFileSync(join(directory, name), bytes)
  const files = Object.entries(content).map(([name, bytes]) => {
    const sha256 = createHash('sha256').update(bytes).digest('hex')
    return [name, { size: bytes.length, sha256 }]
  })
  const manifest: Manifest = {
    format: 1,
    key: 'linux-x64-0123456789abcdef0123',
    platform: 'linux',
    arch: 'x64',
    tensorflow: '2.21.0',
    tfjs: '4.22.0',
    compiler: 'none',
    smoke: 'skipped',
    files: Object.fromEntries(files),
  }
  writeFileSync(join(directory, 'manifest.json'), JSON.stringify(manifest))
  return manifest
}
