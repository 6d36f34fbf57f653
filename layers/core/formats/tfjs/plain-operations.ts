/** Operations that only TF.js knows, or that it fuses, as the plain TensorFlow operations that they stand for. */
import { UnsupportedError } from '../../errors.ts'
import { MessageWriter, readFields, readString } from '../../protobuf.ts'
import { type RawFunction, type RawGraph, type RawNode, readEntry } from '../savedmodel/raw-graph.ts'

/** What is fused, and the name TensorFlow gives each operation's result inside functions. */
const cores: Readonly<Record<string, { readonly op: string; readonly result: string }>> = {
  _FusedConv2D: { op: 'Conv2D', result: 'output' },
  _FusedMatMul: { op: 'MatMul', result: 'product' },
  FusedDepthwiseConv2dNative: { op: 'DepthwiseConv2dNative', result: 'output' },
}

const activations: Readonly<Record<string, string>> = {
  Relu: 'activations',
  Relu6: 'activations',
  Elu: 'activations',
  LeakyRelu: 'activations',
  Sigmoid: 'y',
  Tanh: 'y',
}

/** Attributes of the fused operation that the plain one does not have. */
const ownAttrs = new Set([
  'fused_ops',
  'filter_format',
  'epsilon',
  'leakyrelu_alpha',
  'num_args',
  'num_host_args',
  'TArgs',
  'host_args',
])

export const withPlainOperations = (graph: RawGraph): RawGraph => {
  const nodes = [...graph.nodes.values()].flatMap((node) => plain(node, false))
  const functions = [...graph.functions.values()].map(plainFunction)
  return {
    ...graph,
    nodes: new Map(nodes.map((node) => [node.name, node])),
    functions: new Map(functions.map((definition) => [definition.name, definition])),
  }
}

/** Every replaced node ends in an Identity of its name, whose result inside functions is called `output`. */
const plainFunction = (definition: RawFunction): RawFunction => {
  const replaced = new Set(definition.nodes.filter(({ op }) => op in cores || op === 'Prelu').map(({ name }) => name))
  if (replaced.size === 0) return definition
  const renamed = (reference: string): string => {
    const [name = ''] = reference.split(':')
    return replaced.has(name) && !reference.startsWith('^') ? `${name}:output:0` : reference
  }
  const nodes = definition.nodes.map((node) => ({ ...node, inputs: node.inputs.map(renamed) }))
  const rest = definition.rest.map((field) => {
    if (field.number !== 4) return field
    const [key, value] = readEntry(field)
    const result = renamed(new TextDecoder().decode(value))
    return { ...field, bytes: entry(key, result) }
  })
  return { ...definition, nodes: nodes.flatMap((node) => plain(node, true)), rest }
}

const plain = (node: RawNode, inFunction: boolean): RawNode[] => {
  const core = cores[node.op]
  if (core === undefined && node.op !== 'Prelu') return [node]
  const out = (name: string, result: string): string => (inFunction ? `${name}:${result}:0` : name)
  const data = node.inputs.filter((input) => !input.startsWith('^'))
  const controls = node.inputs.filter((input) => input.startsWith('^'))
  const type = node.attrs.get('T')
  if (type === undefined) throw new UnsupportedError(`node ${node.name} does not state its type`)
  const T = new Map([['T', type]])
  const made: RawNode[] = []
  const make = (
    suffix: string,
    op: string,
    inputs: readonly string[],
    attrs: ReadonlyMap<string, Uint8Array>,
    result: string,
  ) => {
    const name = `${node.name}/plain/${suffix}`
    made.push({ name, op, inputs, attrs })
    return out(name, result)
  }
  const prelu = (x: string, alpha: string): string => {
    const positive = make('relu', 'Relu', [x], T, 'activations')
    const turned = make('neg', 'Neg', [x], T, 'y')
    const negative = make('relu_of_neg', 'Relu', [turned], T, 'activations')
    return make('prelu', 'Sub', [positive, make('scaled', 'Mul', [alpha, negative], T, 'z')], T, 'z')
  }
  let value: string
  if (core === undefined) value = prelu(data[0] ?? '', data[1] ?? '')
  else {
    const attrs = new Map([...node.attrs].filter(([key]) => !ownAttrs.has(key)))
    value = make('core', core.op, [...data.slice(0, 2), ...controls], attrs, core.result)
    const rest = data.slice(2)
    for (const step of textsOf(node.attrs.get('fused_ops'))) {
      if (step === 'BiasAdd') value = make('bias', 'BiasAdd', [value, rest.shift() ?? ''], biasAttrs(node, T), 'output')
      else if (step === 'Prelu') value = prelu(value, rest.shift() ?? '')
      else if (activations[step] !== undefined) {
        const alpha = step === 'LeakyRelu' ? node.attrs.get('leakyrelu_alpha') : undefined
        value = make('activation', step, [value], alpha ? new Map([...T, ['alpha', alpha]]) : T, activations[step])
      } else throw new UnsupportedError(`node ${node.name} is fused with ${step}, which is not read`)
    }
  }
  made.push({ name: node.name, op: 'Identity', inputs: [value, ...(core === undefined ? controls : [])], attrs: T })
  return made
}

const biasAttrs = (node: RawNode, T: ReadonlyMap<string, Uint8Array>): ReadonlyMap<string, Uint8Array> => {
  const format = node.attrs.get('data_format')
  return format === undefined || node.op === '_FusedMatMul' ? T : new Map([...T, ['data_format', format]])
}

const textsOf = (attr: Uint8Array | undefined): string[] => {
  const texts: string[] = []
  for (const field of readFields(attr ?? new Uint8Array())) {
    if (field.number !== 1) continue
    for (const item of readFields(field.bytes)) if (item.number === 2) texts.push(readString(item))
  }
  return texts
}

const entry = (key: string, value: string): Uint8Array => new MessageWriter().string(1, key).string(2, value).finish()
