/** Predictions in process: arrays in, arrays out. */
import { mustAgree } from '../agree.ts'
import { node, onModel, ours, python } from '../contenders.ts'
import { interleave, measured, type Task } from '../interleave.ts'
import { percentile } from '../stats.ts'
import type { Part, Row } from '../types.ts'

interface Round {
  readonly milliseconds: readonly number[]
}

const batches = [
  { batch: 1, calls: 500, targets: { 'Python tf.function': 2, 'onnxruntime-node': 0.5 } },
  { batch: 32, calls: 100, targets: { 'Python tf.function': 2, 'onnxruntime-node': 1 } },
] as const

export const predict: Part = {
  name: 'predict',
  title: 'Predictions in process',
  method:
    'The same CNN and inputs, float arrays in and float arrays out, in one process each with its default threads; 500 calls a round at batch 1, 100 at batch 32. The answers were compared before (1e-5).',
  async run(bench) {
    const outcomes = await interleave<Round>(bench, {
      contenders: [
        onModel(bench, 'maas', ours, 'predict'),
        onModel(bench, 'Python tf.function', python, 'predict'),
        onModel(bench, 'onnxruntime-node', node, 'predict'),
      ],
      tasks: batches.map(
        ({ batch, calls }): Task<Round> => ({
          title: `predict, batch ${batch}`,
          measure: (peer) => peer.ask('predict', { batch, calls: bench.quick ? 50 : calls }),
          answer: async (peer) => (await peer.ask<{ outputs: number[] }>('answer', { rows: batch })).outputs,
        }),
      ),
      compare: mustAgree,
    })
    return batches.flatMap(({ batch, targets }, i) =>
      [0.5, 0.99].map(
        (share): Row => ({
          what: `predict, batch ${batch}, p${share * 100}`,
          unit: 'ms',
          results: measured(outcomes[i], ({ milliseconds }) => percentile(milliseconds, share)),
          ...(share === 0.5 && { targets }),
        }),
      ),
    )
  },
}
