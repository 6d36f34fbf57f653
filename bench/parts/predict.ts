/** Predictions in process: arrays in, arrays out. */
import { latencyRow, racePredictions } from '../predictions.ts'
import type { Part, Row } from '../types.ts'

const cases = [
  {
    what: 'predict, batch 1',
    net: 'model',
    batch: 1,
    calls: 500,
    targets: { 'Python tf.function': 2, 'onnxruntime-node': 0.5 },
  },
  {
    what: 'predict, batch 32',
    net: 'model',
    batch: 32,
    calls: 100,
    targets: { 'Python tf.function': 2, 'onnxruntime-node': 1 },
  },
  {
    what: 'MobileNetV2 224x224, batch 1',
    net: 'mobilenet',
    batch: 1,
    calls: 20,
    targets: { 'Python tf.function': 1 },
  },
] as const

export const predict: Part = {
  name: 'predict',
  title: 'Predictions in process',
  method:
    'The same nets (the tutorial’s CNN; MobileNetV2 with random weights) and inputs, float arrays in and float arrays out, in one process each with its default threads; 500 calls a round at batch 1, 100 at batch 32, 20 of MobileNetV2. The answers were compared before (1e-5).',
  async run(bench) {
    const outcomes = await racePredictions(bench, cases)
    return cases.flatMap(({ what, targets }, i): Row[] => [
      { ...latencyRow(what, outcomes[i], 0.5), targets },
      latencyRow(what, outcomes[i], 0.99),
    ])
  },
}
