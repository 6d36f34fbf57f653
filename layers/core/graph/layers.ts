/** The parts of tfjs-layers' objects that a trace must see or replace, which its types keep private. */
import type { Tensor, Variable } from '@tensorflow/tfjs-core'
import type { LayersModel, LayerVariable, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { UnsupportedError } from '../errors.ts'

export interface Activation {
  apply(x: Tensor): Tensor
  getClassName(): string
}

/** Any layer, wrapper, recurrent cell or nested model. */
export interface LayerLike {
  readonly name: string
  getClassName(): string
  call?(inputs: Tensor | Tensor[], kwargs: Record<string, unknown>): Tensor | Tensor[]
  readonly layers?: readonly LayerLike[]
  readonly layer?: LayerLike
  readonly forwardLayer?: LayerLike
  readonly backwardLayer?: LayerLike
  readonly cell?: LayerLike
  readonly cells?: readonly LayerLike[]
  readonly outputs?: readonly SymbolicTensor[]
  activation?: Activation
}

/** Every layer of a model, those inside nested models, wrappers and cells included, each once. */
export function everyLayer(model: LayersModel): LayerLike[] {
  const found = new Set<LayerLike>()
  const visit = (layer: LayerLike | undefined): void => {
    if (layer === undefined || layer === null || found.has(layer)) return
    found.add(layer)
    for (const child of layer.layers ?? []) visit(child)
    for (const child of layer.cells ?? []) visit(child)
    for (const child of [layer.layer, layer.forwardLayer, layer.backwardLayer, layer.cell]) visit(child)
  }
  visit(model as unknown as LayerLike)
  return [...found]
}

/** The class names of a layer's own class and those it extends, e.g. `SpatialDropout1D`, `Dropout`. */
export function classNames(layer: LayerLike): string[] {
  const names: string[] = []
  for (let type = layer.constructor; typeof type === 'function'; type = Object.getPrototypeOf(type)) {
    const { className } = type as { className?: unknown }
    if (typeof className === 'string') names.push(className)
  }
  return names
}

/** The tensor variable behind a layer's weight. */
export const variableOf = (weight: LayerVariable): Variable => weight.read() as Variable

/** Weights of a model, each once: layers used twice list theirs twice. */
export const weightsOf = (model: LayersModel): LayerVariable[] => [...new Set(model.weights)]

export const trainableOf = (model: LayersModel): LayerVariable[] => [...new Set(model.trainableWeights)]

/** The one input and output of a model that trains on features and targets. */
export function onlyTensors(model: LayersModel): { input: SymbolicTensor; output: SymbolicTensor } {
  const [input, ...inputs] = model.inputs
  const [output, ...outputs] = model.outputs
  if (input === undefined || output === undefined || inputs.length > 0 || outputs.length > 0) {
    throw new UnsupportedError(
      `The model has ${model.inputs.length} inputs and ${model.outputs.length} outputs; the training step takes one of each.`,
    )
  }
  return { input, output }
}

/** Sets properties on objects while `body` runs; a property the object did not own is its class's again afterwards. */
export function withProperties<T>(changes: readonly (readonly [object, Record<string, unknown>])[], body: () => T): T {
  const undo: (() => void)[] = []
  try {
    for (const [target, properties] of changes) {
      for (const [name, value] of Object.entries(properties)) {
        const own = Object.getOwnPropertyDescriptor(target, name)
        undo.push(() => {
          if (own === undefined) Reflect.deleteProperty(target, name)
          else Object.defineProperty(target, name, own)
        })
        Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: true })
      }
    }
    return body()
  } finally {
    for (const restore of undo.reverse()) restore()
  }
}
