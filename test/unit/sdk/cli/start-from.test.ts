/** `maas train --from NAME`: what a registered version brings to the training that goes on with it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { versionFiles } from '@maas/core/contract'
import { filesOfArtifact, readModel, requireLayers } from '@maas/core/formats'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { encodeOptimizer } from '@maas/core/train'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Output } from '../../../../sdk/src/cli/output.ts'
import { startFrom } from '../../../../sdk/src/cli/start-from.ts'

const adam = fileURLToPath(new URL('../../../kernels/train/fixtures/continue/adam.h5', import.meta.url))
let root: string
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'start-from-'))
})
afterAll(() => rm(root, { recursive: true, force: true }))

const start = async (from: string, given: { optimizer?: string } = {}) => {
  const notes: string[] = []
  const output = { note: (text: string) => void notes.push(text) } as unknown as Output
  return { ...(await startFrom({ from, root, given }, output)), notes }
}

it('goes on with the slots that a version keeps exactly as with those of its file, and says when there are none', async () => {
  const { artifact: read, optimizer } = await readModel(adam, { optimizer: true })
  const artifact = requireLayers(read, 'registered')
  if (optimizer === undefined) throw new Error('the fixture has no slots')
  const registry = createRegistry(createFileStore(join(root, 'store')))
  const lineage = { source: 'import', code: 'test', kernels: 'none' } as const
  const files = filesOfArtifact(artifact)
  await registry.register('adam', {
    lineage,
    files: { ...files, [versionFiles.optimizer]: encodeOptimizer(optimizer) },
  })
  await registry.register('bare', { lineage, files })

  const [file, version, bare] = [await start(adam), await start('adam:1'), await start('bare:1')]
  expect(version).toEqual(file)
  expect(version.notes).toEqual([])
  expect(version.hyperparameters).toMatchObject({ optimizer: 'adam' })
  expect(Object.keys(bare.files)).not.toContain(versionFiles.optimizer)
  expect(bare.notes).toEqual(['bare:1 holds no optimiser slots: they start fresh.'])
  expect(Object.keys((await start('adam:1', { optimizer: 'sgd' })).files)).not.toContain(versionFiles.optimizer)
})
