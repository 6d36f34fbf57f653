/** Moves the weights of a graph file, for controls that must fail. */
import { type Field, readFields, readString } from '../../layers/core/protobuf.ts'

function* inside(message: Uint8Array, ...path: readonly number[]): Generator<Uint8Array> {
  const [number, ...rest] = path
  if (number === undefined) return void (yield message)
  for (const field of readFields(message)) if (field.number === number) yield* inside(field.bytes, ...rest)
}

const isConstant = (node: Uint8Array): boolean =>
  [...readFields(node)].some((field: Field) => field.number === 2 && readString(field) === 'Const')

/** Float constants of at least three numbers, of the graph and its functions, as views into the file. */
function* weightsOf(file: Uint8Array): Generator<DataView> {
  const nodes = [...inside(file, 2, 2, 1), ...inside(file, 2, 2, 2, 1, 3)]
  for (const node of nodes.filter(isConstant)) {
    for (const tensor of inside(node, 5, 2, 8)) {
      const fields = [...readFields(tensor)]
      const isFloat = fields.some(({ number, int }) => number === 1 && int === 1n)
      const { bytes } = fields.find(({ number }) => number === 4) ?? { bytes: new Uint8Array() }
      if (isFloat && bytes.length >= 12) yield new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    }
  }
}

/** A copy with every weight at `value * 1.1 + 0.05`, and how many tensors were moved. */
export const disturbGraph = (file: Uint8Array): { readonly graph: Uint8Array; readonly moved: number } => {
  const graph = new Uint8Array(file)
  let moved = 0
  for (const view of weightsOf(graph)) {
    moved += 1
    for (let at = 0; at < view.byteLength; at += 4) view.setFloat32(at, view.getFloat32(at, true) * 1.1 + 0.05, true)
  }
  return { graph, moved }
}
