/** Ours: the local service on a registry of its own that holds the bench's model, as `maas serve` runs it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imagePreprocessSchema, versionFiles } from '@maas/core/contract'
import { encodeLayersJson, readModelFile } from '@maas/core/formats'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { startService } from '@maas/local'
import { say } from '../node/protocol.mjs'
import { modelPath } from './model.ts'

const root = mkdtempSync(join(tmpdir(), 'maas-bench-'))
process.on('exit', () => rmSync(root, { recursive: true, force: true }))

const { model, weights } = encodeLayersJson(await readModelFile(modelPath(process.argv[2] ?? '')))
const preprocess = imagePreprocessSchema.parse({ kind: 'image', height: 32, width: 32, channels: 3 })
await createRegistry(createFileStore(root)).register('bench', {
  files: {
    [versionFiles.model]: model,
    [versionFiles.weights]: weights,
    [versionFiles.preprocess]: new TextEncoder().encode(JSON.stringify(preprocess)),
  },
  lineage: { source: 'import', code: 'maas bench', kernels: 'none' },
})
const service = await startService({ root, port: 0 })
say({ ready: { Node: process.versions.node }, url: service.url })
process.stdin.on('end', () => void service.close().then(() => process.exit(0))).resume()
