/** Which stored tensor goes into which variable: what the graph's own restore operation would do, read instead of run. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { readFields, readString } from '../../protobuf.ts'
import type { RawGraph, RawNode } from './raw-graph.ts'
import { nodeOf } from './reach.ts'

/** A graph or a function body, and how its arguments are named outside. */
interface Scope {
  readonly nodes: ReadonlyMap<string, RawNode>
  /** Reference in the enclosing scope by argument name. */
  readonly args: ReadonlyMap<string, string>
  readonly outer?: Scope
}

const calls = new Set(['PartitionedCall', 'StatefulPartitionedCall'])

/** Checkpoint key by the name of the VarHandleOp node that it is restored into. */
export const restoredVariables = (graph: RawGraph, restoreOp: string): ReadonlyMap<string, string> => {
  const keys = new Map<string, string>()
  const seen = new Set<string>()
  const visitNode = (node: RawNode, scope: Scope, depth: number): void => {
    if (node.op === 'AssignVariableOp') {
      const [handle = '', value = ''] = node.inputs
      const variable = resolve(handle, scope)
      const key = keyOf(value, scope)
      if (variable.op === 'VarHandleOp' && key !== undefined) keys.set(variable.name, key)
    }
    if (!calls.has(node.op)) return
    if (depth > 16) throw new InvalidInputError('the graph nests calls of functions deeper than 16')
    const definition = graph.functions.get(functionOf(node))
    if (definition === undefined) throw new InvalidInputError(`node ${node.name} calls a function that is not there`)
    const data = node.inputs.filter((input) => !input.startsWith('^'))
    const inner: Scope = {
      nodes: new Map(definition.nodes.map((one) => [one.name, one])),
      args: new Map(definition.args.map((arg, at) => [arg, data[at] ?? ''])),
      outer: scope,
    }
    for (const one of definition.nodes) visitNode(one, inner, depth + 1)
  }
  const scope: Scope = { nodes: graph.nodes, args: new Map() }
  const open = [nodeOf(restoreOp)]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (seen.has(name)) continue
    seen.add(name)
    const node = graph.nodes.get(name)
    if (node === undefined) continue
    visitNode(node, scope, 0)
    open.push(...node.inputs.map(nodeOf))
  }
  return keys
}

/** Follows arguments outwards and identities backwards to the node that makes a value. */
const resolve = (reference: string, scope: Scope, steps = 0): RawNode => {
  const name = nodeOf(reference)
  const outside = scope.args.get(name)
  if (outside !== undefined && scope.outer) return resolve(outside, scope.outer, steps + 1)
  const node = scope.nodes.get(name)
  if (node === undefined || steps > 1000) throw new InvalidInputError(`the graph refers to ${name}, which is not there`)
  return node.op === 'Identity' && node.inputs[0] !== undefined ? resolve(node.inputs[0], scope, steps + 1) : node
}

/** The key that a value is read under, when it comes from a checkpoint. */
const keyOf = (reference: string, scope: Scope): string | undefined => {
  let at = reference
  for (let steps = 0; steps < 100; steps++) {
    const node = scope.nodes.get(nodeOf(at))
    if (node === undefined) return undefined
    if (node.op === 'Identity') at = node.inputs[0] ?? ''
    else if (node.op !== 'RestoreV2') return undefined
    else {
      const position = Number(/:(\d+)$/.exec(at)?.[1] ?? 0)
      const slices = stringsOf(resolve(node.inputs[2] ?? '', scope))
      if (slices.some((slice) => slice !== '')) {
        throw new UnsupportedError('variables are restored in slices, which are not read; save them whole')
      }
      return stringsOf(resolve(node.inputs[1] ?? '', scope))[position]
    }
  }
  return undefined
}

/** The texts of a Const; one text may stand for many equal ones. */
const stringsOf = (node: RawNode): string[] => {
  const value = node.attrs.get('value')
  if (node.op !== 'Const' || value === undefined) {
    throw new UnsupportedError(`${node.name} computes the names of stored variables, which is not followed`)
  }
  const texts: string[] = []
  for (const attr of readFields(value)) {
    if (attr.number !== 8) continue
    for (const part of readFields(attr.bytes)) if (part.number === 8) texts.push(readString(part))
  }
  return texts
}

const functionOf = (node: RawNode): string => {
  for (const field of readFields(node.attrs.get('f') ?? new Uint8Array())) {
    if (field.number !== 10) continue
    for (const part of readFields(field.bytes)) if (part.number === 1) return readString(part)
  }
  return ''
}
