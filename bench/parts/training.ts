/** Training speed on the tutorial's CNN. */
import { onModel, ours, python } from '../contenders.ts'
import { interleave, measured } from '../interleave.ts'
import type { Part } from '../types.ts'

interface Round {
  readonly images: number
  readonly seconds: number
}

export const training: Part = {
  name: 'training',
  title: 'Training',
  method:
    'The tutorial’s CNN (167,562 parameters), batch 32, Adam, sparse categorical cross-entropy, accuracy kept; 6,400 images a round, shuffled. Ours starts from bytes and scales them in the step, the peers from scaled arrays.',
  async run(bench) {
    const steps = bench.quick ? 50 : 200
    const title = 'CNN training, batch 32'
    const [outcomes] = await interleave(bench, {
      contenders: [
        onModel(bench, 'maas', ours, 'train'),
        onModel(bench, 'Python Keras fit', python, 'train'),
        onModel(bench, 'tfjs model.fit', ours, 'tfjs-train'),
      ],
      tasks: [{ title, measure: (peer) => peer.ask<Round>('train', { steps, batch: 32 }) }],
    })
    return [
      {
        what: title,
        unit: 'images/s',
        results: measured(outcomes, ({ images, seconds }) => images / seconds),
        targets: { 'Python Keras fit': 2, 'tfjs model.fit': 3 },
      },
    ]
  },
}
