/** How cost grows: with the batch, the picture, the parameters, the number of callers and the number of models. */
import { questions, raceServices, titleOf } from '../http.ts'
import { measured } from '../interleave.ts'
import { latencyRow, type PredictionCase, racePredictions } from '../predictions.ts'
import type { Bench, Part, Row } from '../types.ts'
import { modelRows } from './models.ts'

/** About as many rows a round for each size. */
const calls = (milliseconds: number): number => Math.min(200, Math.max(8, Math.round(150 / milliseconds)))

/** With what one call of ours takes, about. */
const predictions: readonly PredictionCase[] = [
  ...([1, 4, 16, 64, 256] as const).map((batch) => ({
    what: `batch ${batch}`,
    net: 'model',
    batch,
    calls: calls(batch * 0.1),
  })),
  ...([32, 64, 128, 224] as const).map((side) => ({
    what: `picture ${side}x${side}`,
    net: `side-${side}`,
    batch: 1,
    calls: calls((side / 32) ** 2 * 0.3),
  })),
  ...(
    [
      [32, '0.1 M'],
      [300, '1 M'],
      [1200, '5 M'],
      [3690, '25 M'],
    ] as const
  ).map(([width, parameters]) => ({
    what: `${parameters} parameters`,
    net: `width-${width}`,
    batch: 1,
    calls: calls(width / 500),
  })),
]

const connections = [1, 4, 16, 64]

export const growth: Part = {
  name: 'growth',
  title: 'How cost grows',
  method:
    'Predictions in process: the tutorial’s CNN at batch 1 to 256, its convolutions on one picture of side 32 to 224, and two dense layers of 0.1 M to 25 M parameters on one row. Over HTTP: the JPEG classify route at 1 to 64 connections, 1 s a round; and 1 to 50 models in memory, each in a process of its own, asked in turn by one caller.',
  run: async (bench) => [
    ...(await predictionRows(bench)),
    ...(await connectionRows(bench)),
    ...(await modelRows(bench, [1, 10, 50])),
  ],
}

async function predictionRows(bench: Bench): Promise<Row[]> {
  const outcomes = await racePredictions(bench, predictions)
  return predictions.map(({ what }, i) => latencyRow(what, outcomes[i], 0.5))
}

async function connectionRows(bench: Bench): Promise<Row[]> {
  const cases = questions
    .filter(({ type }) => type === 'image/jpeg')
    .flatMap((question) => connections.map((count) => ({ question, connections: count })))
  const outcomes = await raceServices(bench, cases, bench.quick ? 0.5 : 1)
  return cases.map((one, i) => ({
    what: titleOf(one),
    unit: 'requests/s',
    results: measured(outcomes[i], ({ requests, seconds }) => requests / seconds),
  }))
}
