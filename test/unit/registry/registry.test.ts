/** The registry over files and in memory. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createFileStore } from '@maas/core/store'
import { afterAll, beforeAll } from 'vitest'
import { describeRegistry } from './contract.ts'
import { createMemoryStore } from './memory-store.ts'

let base: string
beforeAll(async () => {
  base = await mkdtemp(join(tmpdir(), 'maas-registry-'))
})
afterAll(() => rm(base, { recursive: true, force: true }))

describeRegistry('the registry over files', async () => createFileStore(await mkdtemp(join(base, 'root-'))))
describeRegistry('the registry over memory', async () => createMemoryStore())
