/** Runs golden inputs and holds the answers against the golden outputs. */
import type { NamedTensors, Replay, TensorData } from '../contract/index.ts'
import { relativeError } from '../graph/relative-error.ts'
import type { GoldenTensors } from './golden.ts'

export interface ReplayOptions {
  readonly run: (inputs: NamedTensors) => Promise<NamedTensors> | NamedTensors
  readonly mode: Replay['mode']
  /** e.g. `tensorflow-2.21.0-x64`. */
  readonly kernels: string
  readonly now: () => Date
}

const difference = (got: TensorData | undefined, wanted: TensorData): number | null => {
  if (got === undefined || String(got.shape) !== String(wanted.shape)) return null
  const error = relativeError(got.data as Float32Array, wanted.data as Float32Array)
  return Number.isFinite(error) ? error : null
}

/** Never passes by accident: a missing output, another shape or NaN is a difference that no tolerance allows. */
export const replayGolden = async (
  { golden, inputs, outputs }: GoldenTensors,
  { run, mode, kernels, now }: ReplayOptions,
): Promise<Replay> => {
  const answers = await run(inputs)
  const compared = Object.entries(outputs).map(([name, wanted]) => ({
    name,
    difference: difference(answers[name], wanted),
  }))
  const largest = compared.reduce<number | null>(
    (worst, { difference: each }) => (worst === null || each === null ? null : Math.max(worst, each)),
    0,
  )
  const { source, tolerance } = golden
  return {
    schema: 1,
    at: now().toISOString(),
    kernels,
    mode,
    source,
    tolerance,
    rows: Object.values(inputs)[0]?.shape[0] ?? 0,
    difference: largest,
    passed: largest !== null && largest <= tolerance,
    outputs: compared,
  }
}

/** One sentence for people. */
export const describeReplay = ({
  difference: largest,
  tolerance,
  passed,
  rows,
  source,
  mode,
  kernels,
}: Replay): string => {
  const found =
    largest === null
      ? 'an output of another shape or one that is not a number'
      : `a largest difference of ${largest.toExponential(1)}`
  const of = source === 'given' ? 'the golden outputs given at push' : "the reference path's outputs"
  return `${passed ? 'passed' : 'FAILED'}: ${found} from ${of}, ${tolerance} is allowed (${rows} rows, ${mode}, ${kernels})`
}
