/** Builds the graph of a training step: loss, gradients, update, and predictions with the same weights. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { LayerVariable } from '@tensorflow/tfjs-layers'
import { sizeOf } from '../contract/index.ts'
import { UnsupportedError } from '../errors.ts'
import { accumulateGradients, updatesBefore } from './accumulation.ts'
import { rowsOf, traceAnyBatch } from './dynamic.ts'
import { withNativeGradients } from './gradients.ts'
import { writeSavedModel } from './graphdef.ts'
import { floatScalar, type GraphNode, identity, makeOutput, type Output, placeholder, typeOf } from './ir.ts'
import { variableOf, weightsOf } from './layers.ts'
import { withFusedNormalisation } from './normalisation.ts'
import { applyOptimizer, clipByGlobalNorm, globalNorm } from './optimizers.ts'
import { inParts, partsFor, sumOfParts } from './parts.ts'
import { assignVariable, declareVariable, type StateVariable, safeName } from './state.ts'
import { computeStep, type NativeKernels, restoring } from './step.ts'
import { declareStepInputs, type StepInputs } from './step-inputs.ts'
import type { StepConfig } from './types.ts'
import { withoutUnreadEdges } from './unread-edges.ts'

/** What a session feeds and fetches. Features and targets come in one of two types. */
export const tensorNames = {
  features: { uint8: 'features:0', float32: 'features/float:0' },
  targets: { int32: 'targets:0', float32: 'targets/float:0' },
  rate: 'rate:0',
  step: 'step:0',
  /** `[loss, correct, gradient norm]` of a step that changes the weights. */
  report: 'report:0',
  /** The same of a step that only adds its gradients to those of the next update. */
  accumulate: 'accumulate:0',
  /** The same numbers, changing nothing, and the norm of the batch statistics that a step would set. */
  check: 'check:0',
  outputs: 'outputs:0',
  loadWeights: 'load_weights:0',
  loadSlots: 'load_slots:0',
} as const

export interface TrainingGraph {
  readonly file: Uint8Array
  /** In which a step is computed, side by side. */
  readonly parts: number
  /** In the model's order. */
  readonly weights: readonly { readonly variable: Variable; readonly state: StateVariable }[]
  /** What a checkpoint keeps of the optimiser. */
  readonly slots: readonly StateVariable[]
  /** Further variables that must be set to 0 once. */
  readonly scratch: readonly StateVariable[]
}

/** How steps will run. */
export interface Running {
  /** Of a usual step. */
  readonly batchRows: number
  /** Threads this process may use. */
  readonly threads: number
}

/** Throws UnsupportedError naming what cannot be compiled. */
export function buildTrainingGraph(kernels: NativeKernels, config: StepConfig, running: Running): TrainingGraph {
  const inputs = declareStepInputs(kernels, config)
  const weights = declareWeights(config)
  const step = placeholder('step', { dtype: 'int32', shape: [] })
  const rows = rowsOf(inputs.features.output)
  const traced = traceStep(kernels, config, inputs, weights, step, rows, running)
  const { update, keep, slots, scratch } = appendUpdate(config, weights, traced, step)
  const outputs = tracePredictions(kernels, config, inputs, weights, rows)

  const numbers = [traced.loss, traced.correct, traced.gradientNorm]
  const statistics = traced.moved.length === 0 ? floatScalar(0) : globalNorm(traced.moved.map(({ value }) => value))
  const file = writeSavedModel({
    inputs: { features: inputs.placeholders[0] },
    outputs: { outputs: identity(outputs, 'outputs') },
    roots: [
      identity(pack([...numbers, statistics]), 'check'),
      identity(pack(numbers), 'report', update),
      ...(keep === undefined ? [] : [identity(pack(numbers), 'accumulate', keep)]),
      allDone(
        weights.map(({ state }) => state.assign),
        'load_weights',
      ),
      allDone(
        [...slots, ...scratch].map((slot) => slot.assign),
        'load_slots',
      ),
      // Without Adam or dropout nothing consumes the step; it is fed all the same.
      step,
      ...[...weights.map(({ state }) => state), ...slots].map(({ read }) => read),
    ].map(({ node }) => node),
  })
  return { file, parts: traced.parts, weights, slots, scratch }
}

/** What a step computes before anything is changed. */
interface TracedStep {
  readonly parts: number
  readonly loss: Output
  readonly correct: Output
  /** By trainable variable. */
  readonly gradients: ReadonlyMap<Variable, Output>
  readonly gradientNorm: Output
  /** New values of variables that the forward pass itself moves: batch statistics. */
  readonly moved: readonly { readonly state: StateVariable; readonly value: Output }[]
}

function traceStep(
  kernels: NativeKernels,
  config: StepConfig,
  { features, targets }: StepInputs,
  weights: TrainingGraph['weights'],
  step: Output,
  rows: Output,
  running: Running,
): TracedStep {
  const { tf, native } = kernels
  const variables = weights.map(({ variable }) => variable)
  let trained: Variable[] = []
  const roots = withScalar(tf, (stepExample) =>
    traceAnyBatch(kernels, rows, {
      inputs: [features, targets],
      bindings: [...weights.map(({ variable, state }) => [variable, state.read] as const), [stepExample, step]],
      run: ([x, y], outputOf) =>
        restoring(variables, () => {
          const example = { features: x as Tensor, targets: y as Tensor, step: stepExample }
          const { loss, correct, gradients } = withNativeGradients(tf, native, () =>
            withFusedNormalisation(kernels, config.model, () =>
              withoutUnreadEdges(kernels, config.model, true, () => computeStep(kernels, config, example)),
            ),
          )
          correct.dispose()
          trained = [...gradients.keys()]
          return [loss, correct, ...gradients.values(), ...variables].map(outputOf)
        }),
    }),
  )
  const values = roots.slice(2 + trained.length)
  const moved = weights.flatMap(({ state }, index) => {
    const value = values[index] as Output
    return value.node === state.read.node ? [] : [{ state, value }]
  })
  const computed = roots.slice(0, 2 + trained.length)
  // Statistics of a batch are those of all its rows.
  const together = moved.length > 0 ? undefined : sideBySide(computed, [features.output, targets.output], rows, running)
  const [loss, correct, ...gradients] = (together?.roots ?? computed) as [Output, Output, ...Output[]]
  return {
    parts: together?.parts ?? 1,
    loss,
    correct,
    gradients: new Map(trained.map((variable, index) => [variable, gradients[index] as Output])),
    gradientNorm: globalNorm(gradients),
    moved,
  }
}

/** Loss, right answers and gradients of a step, computed in parts of its rows where that pays. */
function sideBySide(
  roots: readonly Output[],
  inputs: readonly Output[],
  rows: Output,
  { batchRows, threads }: Running,
): { readonly parts: number; readonly roots: readonly Output[] } | undefined {
  const weights = roots.slice(2).reduce((sum, gradient) => sum + sizeOf(typeOf(gradient).shape), 0)
  const parts = partsFor(roots, batchRows, weights, threads)
  const split = parts > 1 ? inParts(roots, inputs, rows, parts) : undefined
  if (split === undefined) return undefined
  const rootsOf = (index: number): Output[] => split.roots.map((part) => part[index] as Output)
  // The second is a sum over rows; all others are means.
  return {
    parts,
    roots: roots.map((_, index) => sumOfParts(rootsOf(index), index === 1 ? split.counts : split.shares)),
  }
}

/** A tensor that stands for the step's number while `body` runs. */
function withScalar<T>(tf: NativeKernels['tf'], body: (scalar: Tensor) => T): T {
  const scalar = tf.scalar(0, 'int32')
  try {
    return body(scalar)
  } finally {
    scalar.dispose()
  }
}

function tracePredictions(
  kernels: NativeKernels,
  { model }: StepConfig,
  { features }: StepInputs,
  weights: TrainingGraph['weights'],
  rows: Output,
): Output {
  const [outputs] = traceAnyBatch(kernels, rows, {
    inputs: [features],
    bindings: weights.map(({ variable, state }) => [variable, state.read] as const),
    run: ([x], outputOf) => {
      const predict = () => model.apply(x as Tensor, { training: false }) as Tensor
      return [
        outputOf(withFusedNormalisation(kernels, model, () => withoutUnreadEdges(kernels, model, false, predict))),
      ]
    },
  })
  return outputs as Output
}

interface Update extends Pick<TrainingGraph, 'slots' | 'scratch'> {
  /** What changes in a step that ends with an update. */
  readonly update: readonly GraphNode[]
  /** What changes in a step that does not; undefined where every step does. */
  readonly keep: readonly GraphNode[] | undefined
}

function appendUpdate(
  { optimizer }: StepConfig,
  weights: TrainingGraph['weights'],
  { gradients, gradientNorm, moved }: TracedStep,
  step: Output,
): Update {
  const { accumulate = 1, clipNorm } = optimizer
  const trained = weights.filter(({ variable }) => gradients.has(variable))
  const states = trained.map(({ state }) => state)
  const own = trained.map(({ variable }) => gradients.get(variable) as Output)
  const kept = accumulate > 1 ? accumulateGradients(states, own, accumulate) : undefined
  const raw = kept?.means ?? own
  const norm = kept === undefined || clipNorm === undefined ? gradientNorm : globalNorm(raw)
  const clipped = clipNorm === undefined ? raw : clipByGlobalNorm(raw, norm, clipNorm)
  const rate = placeholder('rate', { dtype: 'float32', shape: [] })
  const applied = applyOptimizer(
    optimizer,
    states.map((weight, index) => ({ weight, gradient: clipped[index] as Output })),
    rate,
    kept === undefined ? step : updatesBefore(step, accumulate),
  )
  const statistics = moved.map(({ state, value }) => assignVariable(state, value))
  return {
    update: [...applied.nodes, ...(kept?.reset ?? []), ...statistics],
    keep: kept && [...kept.keep, ...statistics],
    slots: [...applied.slots, ...(kept?.sums ?? [])],
    scratch: applied.scratch,
  }
}

/** One variable per weight, named after it. */
function declareWeights({ model }: StepConfig): TrainingGraph['weights'] {
  const taken = new Set<string>()
  return weightsOf(model).map((weight, index) => {
    const { originalName: name, constraint } = weight as LayerVariable & { readonly constraint: unknown }
    if (constraint !== null && constraint !== undefined) {
      throw new UnsupportedError(`Weight ${name} has a constraint, which compiled steps do not apply.`)
    }
    const variable = variableOf(weight)
    if (variable.dtype !== 'float32') {
      throw new UnsupportedError(`Weight ${name} is ${variable.dtype}; compiled steps train float32 weights.`)
    }
    const unique = taken.has(safeName(name)) ? `${safeName(name)}_${index}` : safeName(name)
    taken.add(unique)
    return { variable, state: declareVariable(unique, { dtype: 'float32', shape: variable.shape }) }
  })
}

/** Something to fetch so that nodes without outputs run. */
const allDone = (nodes: readonly GraphNode[], name: string): Output => identity(floatScalar(1), name, nodes)

const pack = (scalars: readonly Output[]): Output =>
  makeOutput(
    'Pack',
    scalars,
    { N: { int: scalars.length }, T: { type: 'float32' }, axis: { int: 0 } },
    { dtype: 'float32', shape: [scalars.length] },
  )
