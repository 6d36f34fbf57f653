/**
 * The 10,000 test images of CIFAR-10, killed and gone on with, end with the bytes of a single run. Opt-in, for it takes a minute:
 * MAAS_TEST_CIFAR10 names an archive with `test/CLASS/*.jpg` in it.
 */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { imagePreprocessSchema } from '@maas/core/contract'
import { writeImageFolderZip } from '@maas/core/data'
import { loadKernels } from '@maas/core/kernels'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { unzipSync } from 'fflate'
import { expect, it } from 'vitest'
import { asVersion, labels, tinyClassifier } from '../../support/models.ts'
import { run, start } from '../cli/run.ts'
import { until } from './running.ts'

const archive = process.env.MAAS_TEST_CIFAR10
if (archive === undefined) console.warn('skipped: MAAS_TEST_CIFAR10 names no archive of CIFAR-10 images')

it.skipIf(archive === undefined)(
  'a transform of 10,000 images killed twice ends with the bytes of one run',
  async () => {
    const folder = await mkdtemp(join(tmpdir(), 'maas-cifar10-'))
    try {
      const test = ({ name }: { name: string }) => /(^|\/)test\/.*\.jpe?g$/i.test(name)
      const files = Object.entries(unzipSync(await readFile(archive ?? ''), { filter: test }))
      expect(files).toHaveLength(10_000)
      await writeImageFolderZip(
        join(folder, 'test.zip'),
        files.map(([path, bytes]) => ({ path, bytes })),
      )
      const registry = createRegistry(createFileStore(join(folder, 'store')))
      const kernels = await loadKernels({ announce: () => {} })
      const preprocess = imagePreprocessSchema.parse({ kind: 'image', height: 8, width: 8, channels: 3 })
      await registry.register('tiny', asVersion(tinyClassifier(kernels), { preprocess, labels }))
      const transform = (output: string, ...more: string[]) => [
        ...['transform', '--root', folder, '--model', 'tiny', '--input', join(folder, 'test.zip')],
        ...['--output', join(folder, output), '--json', ...more],
      ]
      const parts = async () => {
        const names = await readdir(join(folder, 'store', 'transforms'), { recursive: true }).catch((): string[] => [])
        return names.filter((name) => /parts\/\d{6}-[^/]*#$/.test(name)).length
      }
      for (const least of [3, 12]) {
        const killed = start(folder, transform('killed.jsonl'))
        expect(await until(async () => (await parts()) >= least, 120_000)).toBe(true)
        killed.child.kill('SIGKILL')
        await killed.finished
      }
      expect(await parts()).toBeLessThan(40)
      const again = await run(folder, transform('killed.jsonl'))
      expect(again.events[0]).toMatchObject({ inputs: 10_000, failed: 0 })
      expect(again.events[0]?.doneBefore).toBeGreaterThanOrEqual(12 * 256)
      const whole = await run(folder, transform('whole.jsonl', '--name', 'whole'))
      expect(whole.events[0]).toMatchObject({ inputs: 10_000, doneBefore: 0 })
      const [one, other] = await Promise.all(
        ['killed.jsonl', 'whole.jsonl'].map((name) => readFile(join(folder, name))),
      )
      expect(other?.toString().trimEnd().split('\n')).toHaveLength(10_000)
      expect(one?.equals(other as Buffer)).toBe(true)
      console.log(`${Math.round(10_000 / Number(whole.events[0]?.seconds))} images a second in one run`)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
)
