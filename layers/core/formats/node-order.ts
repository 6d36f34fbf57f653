/**
 * Calls of a layer are numbered as the topology lists them. tfjs numbers them as it gets to make them instead, and puts off a
 * call whose inputs are not there yet: a layer that is used several times could then be asked for another call's answer.
 */
import { InvalidInputError } from '../errors.ts'

type Reference = [layer: string, node: number, tensor: number, ...rest: unknown[]]

interface Layer {
  readonly name: string
  readonly class_name: string
  inbound_nodes?: Reference[][]
  readonly config: Config
}
interface Config extends Partial<Model> {
  /** Of a wrapper. */
  readonly layer?: unknown
}
interface Model {
  readonly layers: readonly Layer[]
  readonly input_layers: Reference[] | Reference
  readonly output_layers: Reference[] | Reference
}

/** Rounds after which the order must have settled; one is the rule. */
const mostRounds = 20

/**
 * Lists calls in the order in which tfjs makes them, nested models' too, and names them anew.
 *
 * @param topology in tfjs' form; changed in place
 */
export const orderNodes = (topology: unknown): void => {
  const { config, model_config: whole } = topology as { readonly config?: Config; readonly model_config?: unknown }
  if (whole) orderNodes(whole)
  if (config?.layer) orderNodes(config.layer)
  if (!Array.isArray(config?.layers)) return
  for (const layer of config.layers) orderNodes(layer)
  if (!isModel(config)) return
  for (let round = 0; round < mostRounds; round++) {
    const made = makingOrder(config.layers)
    // What waits for ever is for tfjs to name.
    if (made === undefined || [...made.values()].every((calls) => calls.every((call, at) => call === at))) return
    rename(config, made)
  }
  throw new InvalidInputError('layers that are used several times call each other in an order that cannot be followed')
}

const isModel = (config: Config): config is Model =>
  config.layers?.every(({ inbound_nodes }) => Array.isArray(inbound_nodes)) === true && 'output_layers' in config

/** Calls that are there before any is listed: an input's own, and a nested model's. */
const before = ({ class_name, config }: Layer): number =>
  class_name === 'InputLayer' || Array.isArray(config.layers) ? 1 : 0

/** By layer, the listed calls in the order in which tfjs makes them: in turns, each layer whatever of its calls it can. */
const makingOrder = (layers: readonly Layer[]): ReadonlyMap<string, readonly number[]> | undefined => {
  const known = new Map(layers.map((layer) => [layer.name, { layer, made: [] as number[], waiting: callsOf(layer) }]))
  const isMade = ([from, node]: Reference): boolean => {
    const source = known.get(from)
    if (source === undefined) return false
    const call = node - before(source.layer)
    return call < 0 || source.made.includes(call)
  }
  for (let left = true; left; ) {
    let moved = false
    left = false
    for (const own of known.values()) {
      const waiting: number[] = []
      for (const call of own.waiting) {
        if (own.layer.inbound_nodes?.[call]?.every(isMade)) own.made.push(call)
        else waiting.push(call)
      }
      moved ||= waiting.length < own.waiting.length
      left ||= waiting.length > 0
      own.waiting = waiting
    }
    if (left && !moved) return undefined
  }
  return new Map([...known].map(([name, { made }]) => [name, made]))
}

const callsOf = ({ inbound_nodes = [] }: Layer): number[] => inbound_nodes.map((_, call) => call)

const rename = (model: Model, made: ReadonlyMap<string, readonly number[]>): void => {
  const offsets = new Map(model.layers.map((layer) => [layer.name, before(layer)]))
  const move = (reference: Reference): void => {
    const offset = offsets.get(reference[0]) ?? 0
    const at = made.get(reference[0])?.indexOf(reference[1] - offset) ?? -1
    if (at >= 0) reference[1] = at + offset
  }
  for (const layer of model.layers) {
    for (const node of layer.inbound_nodes ?? []) node.forEach(move)
    layer.inbound_nodes = made.get(layer.name)?.map((call) => layer.inbound_nodes?.[call] as Reference[]) ?? []
  }
  const outputs = model.output_layers
  // One alone may stand without a list.
  if (typeof outputs[0] === 'string') move(outputs as Reference)
  else (outputs as Reference[]).forEach(move)
}
