/** Variables that live in a session between its runs: how they are declared, read, set and changed. */
import { type GraphNode, makeNode, makeOutput, type Output, placeholder, type TensorType } from './ir.ts'

export interface StateVariable extends TensorType {
  /** Unique in the graph; also the name of its handle's node. */
  readonly name: string
  readonly handle: Output
  /** Its value; fetched by `names.read`. */
  readonly read: Output
  /** Sets it to what is fed as `names.feed`. */
  readonly assign: GraphNode
  readonly names: { readonly read: string; readonly feed: string }
}

export function declareVariable(name: string, type: TensorType): StateVariable {
  const dtype = { dtype: { type: type.dtype } } as const
  const handle = makeOutput(
    'VarHandleOp',
    [],
    { ...dtype, shape: { shape: type.shape }, shared_name: { string: name }, container: { string: '' } },
    { dtype: 'resource', shape: [] },
    { name },
  )
  const read = makeOutput('ReadVariableOp', [handle], dtype, type, { name: `${name}/read` })
  const feed = placeholder(`${name}/feed`, type)
  return {
    ...type,
    name,
    handle,
    read,
    assign: assignVariable({ handle, ...type }, feed),
    names: { read: `${name}/read:0`, feed: `${name}/feed:0` },
  }
}

export const assignVariable = ({ handle, dtype }: Pick<StateVariable, 'handle' | 'dtype'>, value: Output): GraphNode =>
  makeNode('AssignVariableOp', [handle, value], { dtype: { type: dtype } }, [])

/** Adds to the variable in place. */
export const addToVariable = ({ handle, dtype }: Pick<StateVariable, 'handle' | 'dtype'>, value: Output): GraphNode =>
  makeNode('AssignAddVariableOp', [handle, value], { dtype: { type: dtype } }, [])

/** A name that graph files allow: letters, digits and `_.-/`, not starting with a sign. */
export const safeName = (name: string): string =>
  name.replace(/[^A-Za-z0-9_.\-/]/g, '_').replace(/^[^A-Za-z0-9.]/, '.$&')
