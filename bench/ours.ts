/** Our service as a user starts it: `maas push` into a registry of its own, then `maas serve`. */
import { cpSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createRegistry } from '../layers/core/registry/index.ts'
import { createFileStore } from '../layers/core/store/index.ts'
import type { Contender } from './interleave.ts'
import { type Hello, type Peer, startPeer } from './peer.ts'
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

/** The names of `count` models of the same content in the bench's registry, their compiled graphs included. */
export async function copyModel(bench: Bench, count: number): Promise<readonly string[]> {
  const store = join(await bench.registry(), 'store')
  const registry = createRegistry(createFileStore(store))
  const manifest = await registry.manifest('bench', 1)
  const read = async (path: string) => [path, await registry.file(manifest, path)] as const
  const files = Object.fromEntries(await Promise.all(manifest.files.map(({ path }) => read(path))))
  // What one import brought is registered once.
  const { import: _, ...lineage } = manifest.lineage as typeof manifest.lineage & { readonly import?: unknown }
  const names = Array.from({ length: count }, (_, index) => (index === 0 ? 'bench' : `bench-${index + 1}`))
  const folder = (name: string) => join(store, 'models', name, 'derived')
  for (const name of names.slice(1)) {
    if (existsSync(folder(name))) continue
    await registry.register(name, { files, lineage: lineage as typeof manifest.lineage })
    cpSync(folder('bench'), folder(name), { recursive: true })
  }
  return names
}

/** `maas serve` over a registry. */
export const serviceOn = async (root: string): Promise<Peer> => {
  const args = [maas, 'serve', '--root', root, '--port', '0', '--json']
  const peer = await startPeer({ program: process.execPath, args })
  const hello: Hello = { ...peer.hello, ready: { Node: process.versions.node } }
  return { ...peer, hello }
}

export const ourService = (bench: Bench): Contender => ({
  name: 'maas',
  start: async () => serviceOn(await bench.registry()),
})
