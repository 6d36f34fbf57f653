/**
 * Puts a convolution or a product, the bias added to it and the activation into one operation, as TensorFlow's own
 * rewriting would when a session first runs. Stored fused, a graph needs no rewriting, a tenth of a process's start.
 */
import { type Attrs, constant, type GraphNode, inOrder, makeOutput, type Output, typeOf } from './ir.ts'

/** The fused form of an operation, and what it takes over beside the element type. */
const fusable: Readonly<Record<string, { readonly op: string; readonly attrs: readonly string[] }>> = {
  Conv2D: { op: '_FusedConv2D', attrs: ['strides', 'padding', 'explicit_paddings', 'data_format', 'dilations'] },
  MatMul: { op: '_FusedMatMul', attrs: ['transpose_a', 'transpose_b'] },
}

/** Those that both fused operations run on every processor. */
const activations = new Set(['Relu', 'Relu6', 'Elu'])

/** The same values by fewer operations. What several operations need stays apart. */
export function fuse(outputs: readonly Output[]): Output[] {
  const nodes = inOrder(outputs.map(({ node }) => node))
  const uses = new Map<GraphNode, number>()
  const used = (node: GraphNode): void => void uses.set(node, (uses.get(node) ?? 0) + 1)
  for (const { node } of outputs) used(node)
  for (const node of nodes) for (const { node: input } of [...node.inputs, ...node.controls.map(first)]) used(input)
  const alone = (output: Output | undefined, op: (name: string) => boolean): GraphNode | undefined =>
    output !== undefined && op(output.node.op) && uses.get(output.node) === 1 ? output.node : undefined

  const replaced = new Map<GraphNode, GraphNode>()
  const now = ({ node, index }: Output): Output => ({ node: replaced.get(node) ?? node, index })
  for (const node of nodes) {
    const form = fusedFrom(node, alone) ?? node
    const stays =
      form === node && [...node.inputs.map((input) => input.node), ...node.controls].every((one) => !replaced.has(one))
    if (stays) continue
    const controls = form.controls.map((control) => replaced.get(control) ?? control)
    replaced.set(node, { ...form, inputs: form.inputs.map(now), controls })
  }
  return outputs.map(now)
}

const first = (node: GraphNode): Output => ({ node, index: 0 })

type Alone = (output: Output | undefined, op: (name: string) => boolean) => GraphNode | undefined

/** What ends in `node` as one operation, if it can be. */
function fusedFrom(node: GraphNode, alone: Alone): GraphNode | undefined {
  if (node.controls.length > 0) return undefined
  const isActivation = activations.has(node.op)
  const isBase = (op: string) => op in fusable
  const biased = isActivation
    ? alone(node.inputs[0], (op) => op === 'BiasAdd')
    : node.op === 'BiasAdd'
      ? node
      : undefined
  const base = alone(biased === undefined && isActivation ? node.inputs[0] : biased?.inputs[0], isBase)
  if (base === undefined || (biased === undefined && !isActivation) || !isPlain(base)) return undefined
  const bias = biased?.inputs[1] ?? noBias(base)
  if (bias === undefined) return undefined
  return oneOperation(base, bias, isActivation ? [node.op] : [], node)
}

/** Channels last, in one group, padded by rule, and float32: all that there are kernels for everywhere. */
const isPlain = ({ op, attrs, inputs: [input, filter], outputs: [type], controls }: GraphNode): boolean => {
  const { data_format: format, padding } = attrs
  const channelsLast = format === undefined || ('string' in format && format.string === 'NHWC')
  const byRule = padding === undefined || ('string' in padding && padding.string !== 'EXPLICIT')
  const channels = [input && typeOf(input).shape[3], filter && typeOf(filter).shape[2]]
  const inOneGroup = op !== 'Conv2D' || channels[0] === channels[1]
  return channelsLast && byRule && inOneGroup && type?.dtype === 'float32' && controls.length === 0
}

/** Where a bias of zeros was left out. */
const noBias = (base: GraphNode): Output | undefined => {
  const channels = base.outputs[0]?.shape.at(-1)
  if (channels === undefined || channels < 0) return undefined
  return constant({ dtype: 'float32', shape: [channels], data: new Float32Array(channels) })
}

function oneOperation(base: GraphNode, bias: Output, activation: readonly string[], last: GraphNode): GraphNode {
  const { op, attrs: kept } = fusable[base.op] as (typeof fusable)[string]
  const attrs: Attrs = {
    ...Object.fromEntries(Object.entries(base.attrs).filter(([name]) => kept.includes(name))),
    T: { type: 'float32' },
    num_args: { int: 1 },
    ...(op === '_FusedConv2D' && { TArgs: { types: ['float32'] } }),
    fused_ops: { strings: ['BiasAdd', ...activation] },
  }
  return makeOutput(op, [...base.inputs, bias], attrs, typeOf(first(last)), { name: last.name }).node
}
