/** Asks a second version the same, out of the caller's sight, and keeps how the two compare. */
import type { ModelReference, NamedTensors, ShadowReport } from '@maas/core/contract'
import type { ModelHost, PredictInput, Prediction, ServedModel } from '@maas/core/predict'

export interface Shadows {
  /** Never fails: what the shadow does is no affair of the caller. */
  compare(reference: ModelReference, input: PredictInput, primary: Prediction): Promise<void>
  report(name: string, alias: string, shadow: number | undefined): ShadowReport
}

type Comparison = { -readonly [K in keyof ShadowReport['comparisons'][number]]: ShadowReport['comparisons'][number][K] }

/** Comparisons kept at most; the oldest go first. */
const most = 1000

export const createShadows = (host: Pick<ModelHost, 'shadow' | 'describe' | 'predict'>): Shadows => {
  const kept = new Map<string, { readonly key: string; readonly comparison: Comparison }>()

  const comparisonOf = (reference: ModelReference, primary: number, shadow: number): Comparison => {
    const key = `${reference.name}@${reference.alias}`
    const id = `${key} ${primary} ${shadow}`
    const known = kept.get(id)?.comparison
    if (known !== undefined) return known
    const comparison: Comparison = {
      primary: { version: primary, ms: 0 },
      shadow: { version: shadow, ms: 0 },
      requests: 0,
      failed: 0,
      rows: 0,
      agreed: 0,
      largestDifference: 0,
    }
    kept.set(id, { key, comparison })
    const [oldest] = kept.keys()
    if (kept.size > most && oldest !== undefined) kept.delete(oldest)
    return comparison
  }

  return {
    compare: async (reference, input, primary) => {
      if (reference.alias === undefined) return
      const version = await host.shadow(reference).catch(() => undefined)
      if (version === undefined || version === primary.model.version) return
      const comparison = comparisonOf(reference, primary.model.version, version)
      comparison.requests++
      try {
        const exactly = { name: reference.name, version }
        const { outputs, timings } = await host.predict(
          exactly,
          translated(input, primary.model, await host.describe(exactly)),
        )
        const { rows, agreed, largest } = agreementOf(primary.outputs, outputs)
        comparison.rows += rows
        comparison.agreed += agreed
        comparison.largestDifference = Math.max(comparison.largestDifference, largest)
        comparison.primary.ms += primary.timings.prepare + primary.timings.run
        comparison.shadow.ms += timings.prepare + timings.run
      } catch {
        comparison.failed++
      }
    },
    report: (name, alias, shadow) => ({
      alias,
      ...(shadow !== undefined && { shadow }),
      comparisons: [...kept.values()]
        .filter(({ key }) => key === `${name}@${alias}`)
        .map(({ comparison }) => structuredClone(comparison)),
    }),
  }
}

/** Tensors under the names of the other version, by their order: names are often made up anew by each training. */
const translated = (input: PredictInput, from: ServedModel, to: ServedModel): PredictInput => {
  if (input.kind !== 'tensors') return input
  const names = new Map(from.signature.inputs.map(({ name }, at) => [name, to.signature.inputs[at]?.name ?? name]))
  const tensors = Object.entries(input.tensors).map(([name, tensor]) => [names.get(name) ?? name, tensor])
  return { kind: 'tensors', tensors: Object.fromEntries(tensors) }
}

/** By the first output: where the highest score of each row is, or, of one number a row, whether they are within 1 percent. */
export const agreementOf = (a: NamedTensors, b: NamedTensors) => {
  const [one, other] = [Object.values(a)[0], Object.values(b)[0]]
  const rows = one?.shape[0] ?? 0
  const width = (one?.data.length ?? 0) / rows
  if (one === undefined || one.dtype === 'string' || one.data.length !== other?.data.length) {
    return { rows, agreed: 0, largest: 0 }
  }
  const [left, right] = [one.data as Float32Array, other.data as Float32Array]
  let [agreed, largest] = [0, 0]
  for (let row = 0; row < rows; row++) {
    const [mine, theirs] = [left, right].map((data) => data.subarray(row * width, (row + 1) * width))
    if (mine === undefined || theirs === undefined) continue
    mine.forEach((value, at) => {
      largest = Math.max(largest, Math.abs(value - (theirs[at] ?? 0)))
    })
    if (width === 1 ? close(mine[0] ?? 0, theirs[0] ?? 0) : highest(mine) === highest(theirs)) agreed++
  }
  return { rows, agreed, largest }
}

const close = (a: number, b: number): boolean => Math.abs(a - b) <= 0.01 * Math.max(Math.abs(a), Math.abs(b))

const highest = (values: Float32Array): number =>
  values.reduce((best, value, at) => (value > (values[best] ?? Number.NEGATIVE_INFINITY) ? at : best), 0)
