/** Cuts a graph down to what a signature computes, and refuses it when an operation left over is not on the allow-list. */
import { InvalidInputError, UnsupportedError } from '../../errors.ts'
import { dangerOf, isAllowedOperation } from '../../kernels/allowed-operations.ts'
import { readFields, readString } from '../../protobuf.ts'
import type { RawFunction, RawGraph, RawNode } from './raw-graph.ts'
import { readEntry } from './raw-graph.ts'

/** `node`, `node:1` or `^node` to `node`. */
export const nodeOf = (reference: string): string => {
  const start = reference.startsWith('^') ? 1 : 0
  const colon = reference.indexOf(':', start)
  return reference.slice(start, colon === -1 ? undefined : colon)
}

/** What the given tensors need, function library included; saving, restoring and other signatures stay behind. */
export const reach = (graph: RawGraph, roots: readonly string[]): RawGraph => {
  const nodes = new Map<string, RawNode>()
  const functions = new Map<string, RawFunction>()
  const open = roots.map(nodeOf)
  const called: RawNode[] = []
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (nodes.has(name)) continue
    const node = graph.nodes.get(name)
    if (node === undefined) throw new InvalidInputError(`the graph refers to a node ${name} that it does not have`)
    nodes.set(name, node)
    called.push(node)
    open.push(...node.inputs.map(nodeOf))
  }
  for (let node = called.pop(); node !== undefined; node = called.pop()) {
    for (const name of functionsOf(node)) {
      const definition = graph.functions.get(name)
      if (definition === undefined) {
        throw new InvalidInputError(`node ${node.name} calls a function ${name} that the graph does not have`)
      }
      if (functions.has(name)) continue
      functions.set(name, definition)
      called.push(...definition.nodes)
    }
  }
  // In the file's own order: the same file gives the same bytes.
  const kept = <T>(all: ReadonlyMap<string, T>, wanted: ReadonlyMap<string, T>) =>
    new Map([...all].filter(([name]) => wanted.has(name)))
  return { ...graph, nodes: kept(graph.nodes, nodes), functions: kept(graph.functions, functions) }
}

/** UnsupportedError names every operation that is not allowed, where it is, and what it would do. */
export const checkOperations = ({ nodes, functions }: RawGraph): void => {
  const refused = new Map<string, string>()
  const check = (node: RawNode, where: string): void => {
    if (isAllowedOperation(node.op)) return
    if (!refused.has(node.op)) refused.set(node.op, `${node.op} (${where})${explained(node.op)}`)
  }
  for (const node of nodes.values()) check(node, `node ${node.name}`)
  for (const { name, nodes: body } of functions.values()) {
    for (const node of body) check(node, `node ${node.name} of function ${name}`)
  }
  if (refused.size === 0) return
  throw new UnsupportedError(
    `a graph is a program, and this one has operations that are not allowed, so it is not loaded: ${[...refused.values()].join('; ')}. Export the model without them, or bring it as .h5 or .keras`,
  )
}

const explained = (op: string): string => {
  const danger = dangerOf(op)
  return danger === undefined ? '' : `, which ${danger}`
}

/** Names of all functions in a node's attributes, lists and nested attributes included. */
const functionsOf = (node: RawNode): string[] => [...node.attrs.values()].flatMap((attr) => functionsIn(attr, 0))

const functionsIn = (attr: Uint8Array, depth: number): string[] => {
  if (depth > 8) throw new InvalidInputError('the graph nests attributes deeper than 8')
  const names: string[] = []
  for (const field of readFields(attr)) {
    if (field.number === 10) names.push(...nameIn(field.bytes, depth))
    if (field.number !== 1) continue
    for (const item of readFields(field.bytes)) if (item.number === 9) names.push(...nameIn(item.bytes, depth))
  }
  return names
}

const nameIn = (list: Uint8Array, depth: number): string[] => {
  const names: string[] = []
  for (const field of readFields(list)) {
    if (field.number === 1) names.push(readString(field))
    if (field.number === 2) names.push(...functionsIn(readEntry(field)[1], depth + 1))
  }
  return names
}
