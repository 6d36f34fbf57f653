/** Operations written as layers, by Keras 3's names: from `keras.ops` nodes and from Keras 2's `TFOpLambda`. */
import type { LayerCall } from './calls.ts'
import { asRecord, type Config, type KerasLayer } from './config.ts'
import { Refusal } from './report.ts'

export interface NamedOperation {
  readonly op: string
  readonly args: readonly unknown[]
  readonly kwargs: Config
}

/** Keras 2's function, and how its arguments are called there. */
const tensorflowNames: Readonly<Record<string, readonly [op: string, ...parameters: string[]]>> = {
  '__operators__.add': ['add', 'x', 'y'],
  'math.add': ['add', 'x', 'y'],
  'math.subtract': ['subtract', 'x', 'y'],
  'math.multiply': ['multiply', 'x', 'y'],
  'math.truediv': ['divide', 'x', 'y'],
  'math.divide': ['divide', 'x', 'y'],
  'math.pow': ['power', 'x', 'y'],
  'math.maximum': ['maximum', 'x', 'y'],
  'math.minimum': ['minimum', 'x', 'y'],
  'linalg.matmul': ['matmul', 'a', 'b'],
  'math.negative': ['negative', 'x'],
  'math.abs': ['absolute', 'x'],
  'math.exp': ['exp', 'x'],
  'math.log': ['log', 'x'],
  'math.sqrt': ['sqrt', 'x'],
  'math.rsqrt': ['rsqrt', 'x'],
  'math.square': ['square', 'x'],
  'math.tanh': ['tanh', 'x'],
  'math.sigmoid': ['sigmoid', 'x'],
  'nn.relu': ['relu', 'features'],
  'nn.softmax': ['softmax', 'logits'],
  'math.reduce_mean': ['mean', 'input_tensor'],
  'math.reduce_sum': ['sum', 'input_tensor'],
  'math.reduce_max': ['max', 'input_tensor'],
  'math.reduce_min': ['min', 'input_tensor'],
  'math.reduce_prod': ['prod', 'input_tensor'],
  reshape: ['reshape', 'tensor', 'shape'],
  expand_dims: ['expand_dims', 'input'],
  squeeze: ['squeeze', 'input'],
  concat: ['concatenate', 'values'],
  stack: ['stack', 'values'],
}

/** Positional and keyword arguments where the operation expects them. */
export const operationOf = (layer: KerasLayer, { args, kwargs }: LayerCall): NamedOperation => {
  if (layer.class_name === 'TFOpLambda') return fromTensorflow(String(layer.config.function), args, kwargs)
  if (layer.class_name === 'SlicingOpLambda') throw new Refusal('slicing is not supported; use a Cropping layer')
  const { name, ...options } = layer.config
  return { op: layer.class_name, args, kwargs: { ...options, ...given(kwargs) } }
}

const fromTensorflow = (name: string, args: readonly unknown[], kwargs: Config): NamedOperation => {
  const [op, ...parameters] = tensorflowNames[name] ?? []
  if (op === undefined) throw new Refusal(`operation tf.${name} is not supported`)
  const positional = parameters.map((parameter, i) => kwargs[parameter] ?? args[i])
  const rest = Object.fromEntries(Object.entries(given(kwargs)).filter(([key]) => !parameters.includes(key)))
  return { op, args: positional, kwargs: rest }
}

/** Without names and what is left at its default. */
const given = (kwargs: Config): Config =>
  Object.fromEntries(Object.entries(asRecord(kwargs) ?? {}).filter(([key, value]) => key !== 'name' && value !== null))
