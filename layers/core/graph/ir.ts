/** A TensorFlow graph in memory: nodes that point at the outputs they consume. */

export type DType = 'float32' | 'float64' | 'int32' | 'int64' | 'uint8' | 'bool' | 'string' | 'resource'

/** -1 is a dimension of any size. */
export type Shape = readonly number[]

export interface TensorType {
  readonly dtype: DType
  readonly shape: Shape
}

/** A constant. One value with a larger shape stands for a tensor full of that value. */
export interface TensorValue extends TensorType {
  readonly data: Float32Array | Int32Array | Uint8Array
}

/** The value of one attribute, by the field of TensorFlow's AttrValue that holds it. */
export type Attr =
  | { readonly type: DType }
  | { readonly int: number }
  | { readonly ints: readonly number[] }
  | { readonly types: readonly DType[] }
  | { readonly strings: readonly string[] }
  | { readonly float: number }
  | { readonly bool: boolean }
  | { readonly string: string }
  | { readonly shape: Shape }
  | { readonly tensor: TensorValue }

export type Attrs = Readonly<Record<string, Attr>>

/** One operation. `outputs` is what is known of its results; operations run for their effect have none. */
export interface GraphNode {
  readonly op: string
  /** Unique within a graph; given when written if empty. */
  readonly name: string
  readonly inputs: readonly Output[]
  /** Nodes that must have run before this one, besides the inputs. */
  readonly controls: readonly GraphNode[]
  readonly attrs: Attrs
  readonly outputs: readonly TensorType[]
}

/** Result number `index` of a node. */
export interface Output {
  readonly node: GraphNode
  readonly index: number
}

export const typeOf = (output: Output): TensorType => {
  const type = output.node.outputs[output.index]
  if (type === undefined) throw new Error(`${output.node.op} has no output ${output.index}`)
  return type
}

export interface NodeOptions {
  readonly name?: string
  readonly controls?: readonly GraphNode[]
}

export const makeNode = (
  op: string,
  inputs: readonly Output[],
  attrs: Attrs,
  outputs: readonly TensorType[],
  { name = '', controls = [] }: NodeOptions = {},
): GraphNode => ({ op, name, inputs, controls, attrs, outputs })

export const first = (node: GraphNode): Output => ({ node, index: 0 })

/** A node with one output, as that output. */
export const makeOutput = (
  op: string,
  inputs: readonly Output[],
  attrs: Attrs,
  output: TensorType,
  options?: NodeOptions,
): Output => first(makeNode(op, inputs, attrs, [output], options))

export const constant = (value: TensorValue, name?: string): Output =>
  makeOutput('Const', [], { dtype: { type: value.dtype }, value: { tensor: value } }, value, name ? { name } : {})

export const floatScalar = (value: number): Output =>
  constant({ dtype: 'float32', shape: [], data: Float32Array.of(value) })

export const intVector = (values: readonly number[]): Output =>
  constant({ dtype: 'int32', shape: [values.length], data: Int32Array.from(values) })

export const intScalar = (value: number): Output => constant({ dtype: 'int32', shape: [], data: Int32Array.of(value) })

export const placeholder = (name: string, type: TensorType): Output =>
  makeOutput('Placeholder', [], { dtype: { type: type.dtype }, shape: { shape: type.shape } }, type, { name })

/** The same value under a name that sessions fetch. */
export function identity(value: Output, name: string, controls: readonly GraphNode[] = []): Output {
  const type = typeOf(value)
  return makeOutput('Identity', [value], { T: { type: type.dtype } }, type, { name, controls })
}

/** The content of a constant, or undefined for anything that is computed. */
export const constantOf = (output: Output): TensorValue | undefined => {
  const value = output.node.op === 'Const' ? output.node.attrs.value : undefined
  return value !== undefined && 'tensor' in value ? value.tensor : undefined
}

/** Everything the roots need, each node after what it consumes; nothing else is part of the graph. */
export function inOrder(roots: readonly GraphNode[]): GraphNode[] {
  const ordered = new Set<GraphNode>()
  const open: { node: GraphNode; needs: GraphNode[] }[] = []
  const enter = (node: GraphNode): void => {
    if (!ordered.has(node)) open.push({ node, needs: [...node.inputs.map((input) => input.node), ...node.controls] })
  }
  for (const root of roots) {
    enter(root)
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.needs.shift()
      if (next !== undefined) enter(next)
      else ordered.add(open.pop()?.node as GraphNode)
    }
  }
  return [...ordered]
}
