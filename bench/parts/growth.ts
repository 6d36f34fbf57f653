/** How cost grows with the batch and with the number of callers. */
import { mustAgree } from '../agree.ts'
import { node, onModel, ours, python } from '../contenders.ts'
import { askOnce, type Load, load, questions, services, startGenerator } from '../http.ts'
import { interleave, measured, type Task } from '../interleave.ts'
import { percentile } from '../stats.ts'
import type { Bench, Part, Row } from '../types.ts'

const batches = [1, 4, 16, 64, 256]
const connections = [1, 4, 16, 64]

interface Round {
  readonly milliseconds: readonly number[]
}

export const growth: Part = {
  name: 'growth',
  title: 'How cost grows',
  method:
    'The same CNN: predictions in process at batch 1 to 256 (about 500 rows a round), and the JPEG classify route at 1 to 64 connections, 2 s a round.',
  run: async (bench) => [...(await batchRows(bench)), ...(await connectionRows(bench))],
}

async function batchRows(bench: Bench): Promise<Row[]> {
  const outcomes = await interleave<Round>(bench, {
    contenders: [
      onModel(bench, 'maas', ours, 'predict'),
      onModel(bench, 'Python tf.function', python, 'predict'),
      onModel(bench, 'onnxruntime-node', node, 'predict'),
    ],
    tasks: batches.map(
      (batch): Task<Round> => ({
        title: `predict, batch ${batch}`,
        measure: (peer) =>
          peer.ask('predict', { batch, calls: Math.max(8, Math.ceil((bench.quick ? 100 : 500) / batch)) }),
        answer: async (peer) => (await peer.ask<{ outputs: number[] }>('answer', { rows: batch })).outputs,
      }),
    ),
    compare: mustAgree,
  })
  return batches.map((batch, i) => ({
    what: `predict, batch ${batch}, p50`,
    unit: 'ms',
    results: measured(outcomes[i], ({ milliseconds }) => percentile(milliseconds, 0.5)),
  }))
}

async function connectionRows(bench: Bench): Promise<Row[]> {
  const question = questions.find(({ type }) => type === 'image/jpeg')
  if (question === undefined) return []
  const generator = await startGenerator(bench)
  const seconds = bench.quick ? 0.5 : 2
  try {
    const outcomes = await interleave<Load>(bench, {
      contenders: services(bench),
      tasks: connections.map(
        (count): Task<Load> => ({
          title: `JPEG classify, ${count} connections`,
          measure: (peer) => load(bench, generator, peer, question, { connections: count, seconds }),
          answer: (peer) => askOnce(bench, peer, question),
        }),
      ),
      compare: mustAgree,
    })
    return connections.map((count, i) => ({
      what: `JPEG classify, ${count} connection${count === 1 ? '' : 's'}`,
      unit: 'requests/s',
      results: measured(outcomes[i], ({ requests, seconds: took }) => requests / took),
    }))
  } finally {
    await generator.stop()
  }
}
