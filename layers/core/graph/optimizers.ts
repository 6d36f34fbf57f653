/** Keras' update rules as TensorFlow's fused operations. */
import { type Attr, floatScalar, type GraphNode, makeNode, makeOutput, type Output } from './ir.ts'
import { simplify } from './simplify.ts'
import { declareVariable, type StateVariable } from './state.ts'
import type { OptimizerConfig } from './types.ts'

export interface UpdateInputs {
  readonly weight: StateVariable
  readonly gradient: Output
}

export interface Updates {
  /** Operations that change weights and slots. */
  readonly nodes: readonly GraphNode[]
  /** In the weights' order; Keras starts all of them at 0. */
  readonly slots: readonly StateVariable[]
  /** Slots that the operations want but whose values do not matter from one step to the next; they start at 0 too. */
  readonly scratch: readonly StateVariable[]
}

const scalarType = { dtype: 'float32', shape: [] } as const
const T: Record<string, Attr> = { T: { type: 'float32' } }

/**
 * @param rate the learning rate, a float32 scalar
 * @param step how many updates were made before, an int32 scalar
 */
export function applyOptimizer(
  { name, momentum, weightDecay = 0 }: OptimizerConfig,
  inputs: readonly UpdateInputs[],
  rate: Output,
  step: Output,
): Updates {
  const slots: StateVariable[] = []
  const scratch: StateVariable[] = []
  const slot: Slot = ({ name: weight, dtype, shape }, kind, kept = true) => {
    const declared = declareVariable(`${weight}/${kind}`, { dtype, shape })
    ;(kept ? slots : scratch).push(declared)
    return declared.handle
  }
  const update = updateRule({ name, momentum }, rate, step, slot)
  const decay = weightDecay > 0 ? decayRule(weightDecay, rate) : () => []
  return { nodes: inputs.map((input) => update(input, decay(input))), slots, scratch }
}

/** Declares a slot of a weight, which a checkpoint keeps unless told otherwise. */
type Slot = (weight: StateVariable, kind: string, kept?: boolean) => Output

/** @param before what must be done to the weight first */
type Rule = (inputs: UpdateInputs, before: readonly GraphNode[]) => GraphNode

/** Takes `weight * share * rate` away. The gradient comes first: it needs the weight as it was. */
const decayRule =
  (share: number, rate: Output) =>
  ({ weight, gradient }: UpdateInputs): GraphNode[] => {
    const factor = makeOutput('Mul', [rate, floatScalar(share)], T, scalarType)
    const taken = makeOutput('Mul', [weight.read, factor], T, weight, { controls: [gradient.node] })
    return [makeNode('AssignSubVariableOp', [weight.handle, taken], { dtype: { type: weight.dtype } }, [])]
  }

function updateRule({ name, momentum }: OptimizerConfig, rate: Output, step: Output, slot: Slot): Rule {
  const attrs: Record<string, Attr> = { ...T, use_locking: { bool: true } }
  switch (name) {
    case 'sgd':
      if (momentum === 0) {
        return ({ weight, gradient }, controls) =>
          makeNode('ResourceApplyGradientDescent', [weight.handle, rate, gradient], attrs, [], { controls })
      }
      return ({ weight, gradient }, controls) =>
        makeNode(
          'ResourceApplyKerasMomentum',
          [weight.handle, slot(weight, 'momentum'), rate, gradient, floatScalar(momentum)],
          { ...attrs, use_nesterov: { bool: false } },
          [],
          { controls },
        )
    case 'rmsprop': {
      const [rho, epsilon] = [floatScalar(0.9), floatScalar(1e-7)]
      return ({ weight, gradient }, controls) =>
        makeNode(
          'ResourceApplyRMSProp',
          [
            ...[weight.handle, slot(weight, 'velocity'), slot(weight, 'momentum', momentum > 0)],
            ...[rate, rho, floatScalar(momentum), epsilon, gradient],
          ],
          attrs,
          [],
          { controls },
        )
    }
    case 'adam': {
      const [beta1, beta2, epsilon] = [floatScalar(0.9), floatScalar(0.999), floatScalar(1e-7)]
      const count = simplify('AddV2', [castToFloat(step), floatScalar(1)], T, scalarType)
      const powers = [beta1, beta2].map((beta) => makeOutput('Pow', [beta, count], T, scalarType))
      const kerasRate = asInKeras(rate, count)
      return ({ weight, gradient }, controls) =>
        makeNode(
          'ResourceApplyAdam',
          [
            ...[weight.handle, slot(weight, 'momentum'), slot(weight, 'velocity')],
            ...[...powers, kerasRate, beta1, beta2, epsilon, gradient],
          ],
          { ...attrs, use_nesterov: { bool: false } },
          [],
          { controls },
        )
    }
  }
}

/**
 * The rate with which TensorFlow's Adam moves weights as far as Keras'. Keras adds 0.001 of the squared gradient, rounded
 * to float32; the operation adds 1 - 0.999, each rounded, which is 1.3e-5 less. By how much their sums are apart follows
 * from the count of updates alone.
 */
function asInKeras(rate: Output, count: Output): Output {
  const share = (kept: number): Output =>
    makeOutput('Expm1', [makeOutput('Mul', [count, floatScalar(Math.log(kept))], T, scalarType)], T, scalarType)
  const ratio = makeOutput('RealDiv', [share(Math.fround(0.999)), share(1 - Math.fround(0.001))], T, scalarType)
  return makeOutput('Mul', [rate, makeOutput('Sqrt', [ratio], T, scalarType)], T, scalarType)
}

const castToFloat = (integer: Output): Output =>
  makeOutput('Cast', [integer], { SrcT: { type: 'int32' }, DstT: { type: 'float32' } }, scalarType)

/** The norm of all gradients as one vector. */
export function globalNorm(gradients: readonly Output[]): Output {
  const halves = gradients.map((gradient) => makeOutput('L2Loss', [gradient], T, scalarType))
  const sum = makeOutput('AddN', halves, { ...T, N: { int: halves.length } }, scalarType)
  return makeOutput('Sqrt', [makeOutput('Mul', [sum, floatScalar(2)], T, scalarType)], T, scalarType)
}

/** Gradients scaled down to a norm of at most `limit`, all by the same factor. */
export function clipByGlobalNorm(gradients: readonly Output[], norm: Output, limit: number): Output[] {
  const largest = makeOutput('Maximum', [norm, floatScalar(limit)], T, scalarType)
  const factor = makeOutput('RealDiv', [floatScalar(limit), largest], T, scalarType)
  return gradients.map((gradient) => makeOutput('Mul', [gradient, factor], T, { dtype: 'float32', shape: [] }))
}
