/** Our service as a user starts it: `maas push` into a registry of its own, then `maas serve`. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Contender } from './interleave.ts'
import { type Hello, startPeer } from './peer.ts'
import { run } from './run-program.ts'
import type { Bench } from './types.ts'

const maas = fileURLToPath(new URL('../sdk/bin/maas.mjs', import.meta.url))

/** A registry that holds the bench's model, as long as this process lives. @throws Unavailable */
export async function makeRegistry(fixtures: string): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'maas-bench-'))
  process.on('exit', () => rmSync(root, { recursive: true, force: true }))
  const preprocess = join(root, 'preprocess.json')
  writeFileSync(preprocess, JSON.stringify({ kind: 'image', height: 32, width: 32, channels: 3 }))
  const options = ['--name', 'bench', '--preprocess', preprocess, '--root', root]
  await run(process.execPath, [maas, 'push', join(fixtures, 'model.h5'), ...options])
  return root
}

export const ourService = (bench: Bench): Contender => ({
  name: 'maas',
  start: async () => {
    const args = [maas, 'serve', '--root', await bench.registry(), '--port', '0', '--json']
    const peer = await startPeer({ program: process.execPath, args })
    const hello: Hello = { ...peer.hello, ready: { Node: process.versions.node } }
    return { ...peer, hello }
  },
})
