/** Training speed on the tutorial's CNN, on a net of many small layers, and on MobileNetV2. */
import { onModel, ours, python } from '../contenders.ts'
import { type Contender, interleave, measured } from '../interleave.ts'
import type { Bench, Part, Row } from '../types.ts'

interface Round {
  readonly images: number
  readonly seconds: number
}

interface Net {
  readonly title: string
  /** File name in the fixtures. @default the tutorial's */
  readonly file?: string
  readonly batch: number
  /** Of one round, and of one with `--quick`. */
  readonly steps: readonly [usual: number, quick: number]
  /** The same for tfjs, where its step takes more than a second. */
  readonly tfjsSteps?: readonly [usual: number, quick: number]
  readonly unit: 'images/s' | 'ms'
  readonly targets: NonNullable<Row['targets']>
}

const keras = 'Python Keras fit'
const tfjs = 'tfjs model.fit'

const nets: readonly Net[] = [
  {
    title: 'CNN training, batch 32',
    batch: 32,
    steps: [200, 50],
    unit: 'images/s',
    targets: { [keras]: 2, [tfjs]: 3 },
  },
  {
    title: 'conv + BN + separable conv + dropout + layer norm, a step of 32',
    file: 'small',
    batch: 32,
    steps: [200, 50],
    tfjsSteps: [10, 5],
    unit: 'ms',
    targets: { [keras]: 1, [tfjs]: 5 },
  },
  {
    title: 'MobileNetV2 224x224, a step of 8',
    file: 'mobilenet',
    batch: 8,
    steps: [8, 2],
    unit: 'ms',
    targets: { [keras]: 1 },
  },
]

export const training: Part = {
  name: 'training',
  title: 'Training',
  method:
    'The tutorial’s CNN (167,562 parameters), a net of small layers on 16x16 images, and MobileNetV2 (random weights): Adam, sparse categorical cross-entropy, accuracy kept, shuffled. tfjs normalises layers by copies whose gradient is one slice each: 18,900 operations a step for the small net. Ours starts from bytes and scales them in the step, the peers from scaled arrays.',
  async run(bench) {
    const rows: Row[] = []
    for (const net of nets) rows.push(await race(bench, net))
    return rows
  },
}

async function race(bench: Bench, { title, file, batch, steps, tfjsSteps, unit, targets }: Net): Promise<Row> {
  const more = file === undefined ? [] : [file]
  const contenders: Contender[] = [onModel(bench, 'maas', ours, 'train', more)]
  if (keras in targets) contenders.push(onModel(bench, keras, python, 'train', more))
  if (tfjs in targets) contenders.push(onModel(bench, tfjs, ours, 'tfjs-train', more))
  const request = (name: string) => {
    const [usual, quick] = name === tfjs ? (tfjsSteps ?? steps) : steps
    return { steps: bench.quick ? quick : usual, batch }
  }
  const [outcomes] = await interleave<Round>(bench, {
    contenders,
    tasks: [{ title, measure: (peer, name) => peer.ask('train', request(name)) }],
  })
  const pick = ({ images, seconds }: Round): number =>
    unit === 'ms' ? (seconds * 1000 * batch) / images : images / seconds
  return { what: title, unit, results: measured(outcomes, pick), targets }
}
