/** Predictions in process, of several nets and batch sizes: ours, `tf.function`, and onnxruntime-node where there is a file for it. */
import { mustAgree } from './agree.ts'
import { node, onModel, ours, python } from './contenders.ts'
import { interleave, measured, type Outcome, type Task } from './interleave.ts'
import type { Peer } from './peer.ts'
import { percentile } from './stats.ts'
import { type Bench, type Row, Unavailable } from './types.ts'

export interface PredictionCase {
  readonly what: string
  /** File name in the fixtures. */
  readonly net: string
  readonly batch: number
  /** Of one round; a tenth with `--quick`. */
  readonly calls: number
}

export interface Round {
  readonly milliseconds: readonly number[]
}

/** One list of outcomes per case. */
export const racePredictions = (
  bench: Bench,
  cases: readonly PredictionCase[],
): Promise<readonly (readonly Outcome<Round>[])[]> =>
  interleave<Round>(bench, {
    contenders: [
      onModel(bench, 'maas', ours, 'predict'),
      onModel(bench, 'Python tf.function', python, 'predict'),
      onModel(bench, 'onnxruntime-node', node, 'predict'),
    ],
    tasks: cases.map(
      ({ what, net, batch, calls }): Task<Round> => ({
        title: what,
        measure: (peer) => peer.ask('predict', { net, batch, calls: Math.ceil(bench.quick ? calls / 10 : calls) }),
        answer: (peer) => answerOf(peer, net, batch),
      }),
    ),
    compare: mustAgree,
  })

async function answerOf(peer: Peer, net: string, rows: number): Promise<readonly number[]> {
  const answer = await peer.ask<{ readonly outputs: number[] } | { readonly unavailable: string }>('answer', {
    net,
    rows,
  })
  if ('unavailable' in answer) throw new Unavailable(answer.unavailable)
  return answer.outputs
}

/** What so large a share of calls stays below. */
export const latencyRow = (what: string, outcomes: readonly Outcome<Round>[] | undefined, share: number): Row => ({
  what: `${what}, p${share * 100}`,
  unit: 'ms',
  results: measured(outcomes, ({ milliseconds }) => percentile(milliseconds, share)),
})
