/** Reading an archive of pictures: from the zip to pixels in memory. */
import { existsSync } from 'node:fs'
import { ours, python } from '../contenders.ts'
import { interleave, measured } from '../interleave.ts'
import { startPeer } from '../peer.ts'
import type { Part } from '../types.ts'

interface Round {
  readonly images: number
  readonly seconds: number
  /** Over every picture's path and pixels, in the order of paths. */
  readonly hash: string
}

export const data: Part = {
  name: 'data',
  title: 'Reading 60,000 JPEGs from a zip',
  method:
    'The CIFAR-10 images as JPEGs in class folders of one zip, read, decoded and kept as bytes in memory. A hash over all pixels must be the same.',
  async run(bench) {
    const what = 'zip to pixels'
    const contenders = [
      { name: 'maas', start: async () => startPeer(await ours(bench, 'decode', [])) },
      { name: 'Python zipfile + Pillow', start: async () => startPeer(await python(bench, 'decode', [])) },
    ]
    if (!existsSync(bench.data)) {
      const skipped = 'the archive of pictures is not there (name one by --data)'
      return [{ what, unit: 's', results: contenders.map(({ name }) => ({ name, skipped })) }]
    }
    const hashes = new Map<string, string>()
    const [outcomes] = await interleave<Round>(bench, {
      contenders,
      tasks: [{ title: what, measure: (peer) => peer.ask('decode', { path: bench.data }) }],
    })
    for (const outcome of outcomes ?? []) {
      if (!('skipped' in outcome)) for (const { hash } of outcome.rounds) hashes.set(hash, outcome.name)
    }
    if (hashes.size > 1)
      throw new Error(`${[...hashes.values()].join(' and ')} decoded different pixels from ${bench.data}`)
    const results = measured(outcomes, ({ seconds }) => seconds)
    return [{ what, unit: 's', results, targets: { 'Python zipfile + Pillow': 1 } }]
  },
}
