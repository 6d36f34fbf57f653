/** Batch transform: a data set of pictures into a file of predictions. */
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeImageFolderZip } from '@maas/core/data'
import { unzipSync } from 'fflate'
import { mustAgree } from '../agree.ts'
import { onModel, ours, python } from '../contenders.ts'
import { interleave, measured } from '../interleave.ts'
import type { Part } from '../types.ts'

interface Round {
  readonly images: number
  readonly seconds: number
  /** Scores of the first twenty pictures. */
  readonly outputs: readonly number[]
}

const peerName = 'Python zipfile + Pillow + Keras predict'

/** The test pictures of the archive, as an archive of their own. */
async function testPictures(archive: string, folder: string, most: number): Promise<string> {
  const files = unzipSync(await readFile(archive), { filter: ({ name }) => /(^|\/)test\/.*\.jpe?g$/i.test(name) })
  const named = Object.entries(files).sort(([a], [b]) => (a < b ? -1 : 1))
  const path = join(folder, 'test.zip')
  await writeImageFolderZip(
    path,
    named.slice(0, most).map(([name, bytes]) => ({ path: name, bytes })),
  )
  return path
}

export const transform: Part = {
  name: 'transform',
  title: 'Batch transform of 10,000 JPEGs',
  method:
    'The test images of CIFAR-10 as JPEGs in one zip, decoded, predicted by the same CNN and written as a line of JSON each. Ours is `maas transform`, from the opened archive to the joined file, the start of its processes included; the peer decodes with Pillow and calls `model.predict` at batch 256 in a process that has loaded everything. The first scores were compared before (1e-5).',
  async run(bench) {
    const what = 'zip to predictions'
    if (!existsSync(bench.data)) {
      const skipped = 'the archive of pictures is not there (name one by --data)'
      return [{ what, unit: 'images/s', results: ['maas', peerName].map((name) => ({ name, skipped })) }]
    }
    const folder = await mkdtemp(join(tmpdir(), 'maas-bench-transform-'))
    try {
      const path = await testPictures(bench.data, folder, bench.quick ? 2000 : 10_000)
      const request = { path, folder, root: await bench.registry() }
      const [outcomes] = await interleave<Round>(bench, {
        contenders: [onModel(bench, 'maas', ours, 'transform'), onModel(bench, peerName, python, 'transform')],
        tasks: [
          {
            title: what,
            measure: (peer) => peer.ask('transform', request),
            answer: async (peer) => (await peer.ask<Round>('transform', request)).outputs,
          },
        ],
        compare: mustAgree,
      })
      const results = measured(outcomes, ({ images, seconds }) => images / seconds)
      return [{ what, unit: 'images/s', results, targets: { [peerName]: 1 } }]
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
}
