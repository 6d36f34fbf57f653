/** A disk that fills up at each stage of a training run: said in words, nothing half-written, and gone on with once there is room. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { mkdir, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { program } from './run.ts'

/** A file system of its own needs a mount, and that a namespace which some kernels deny to ordinary users. */
const inNamespace = (script: string, cwd: string) =>
  spawnSync('unshare', ['--user', '--map-root-user', '--mount', 'bash', '-euc', script], { cwd, encoding: 'utf8' })

const allowed = inNamespace('mount -t tmpfs tmpfs /mnt', tmpdir()).status === 0
if (!allowed) console.warn('SKIPPED: unshare cannot mount a small disk here: a full disk is not tried')

describe.skipIf(!allowed)('a disk that fills up', () => {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'disk-full-'))
    await mkdir(join(folder, 'disk'))
    const rows = Array.from({ length: 100 }, (_, i) => `${Math.sin(i)},${Math.cos(i)},${i % 2 ? 'odd' : 'even'}`)
    await writeFile(join(folder, 'points.csv'), `a,b,parity\n${rows.join('\n')}\n`)
  })
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('stops with what to do at every stage, leaves no version behind, and resumes when there is room', {
    timeout: 180_000,
  }, () => {
    const maas = `'${process.execPath}' '${program}'`
    // 1.1 MB of checkpoint, then 0.6 MB of trained model, then the same again as a version.
    const train = `${maas} train --root disk --data points.csv --target parity --preset mlp --hidden-units 256,256 --epochs 1 --name parity`
    const resume = `${maas} train --root disk --resume $(ls disk/jobs)`
    const stage = (size: string, command: string) => `
      mount -o remount,size=${size} disk
      code=0; ${command} >out 2>&1 || code=$?
      cat out; echo "exit $code, versions: $(ls disk/store/models/parity/versions 2>/dev/null || echo none)"; echo '=='`
    const script = [
      'mount -t tmpfs tmpfs disk',
      stage('512k', train),
      ...['1400k', '2000k', '64m'].map((size) => stage(size, resume)),
    ]
    const { stdout, stderr } = inNamespace(script.join('\n'), folder)
    expect(stderr).toBe('')
    const [checkpoint, candidate, version, whole] = stdout.split('==\n')
    expect(checkpoint).toMatch(/cannot write the checkpoint .*no space left.*free some disk/)
    expect(candidate).toMatch(/cannot write the trained model .*no space left.*the checkpoint is kept/)
    expect(version).toMatch(/the disk of .* is full; free some space there/)
    for (const failed of [checkpoint, candidate, version]) {
      expect(failed).toContain('exit 1, versions: none')
      expect(failed).not.toContain('    at ')
    }
    for (const kept of [candidate, version]) expect(kept).toContain('npx maas train --resume parity-')
    expect(whole).toContain('Registered parity:1')
    expect(whole).toContain('exit 0, versions: 1')
  })
})
