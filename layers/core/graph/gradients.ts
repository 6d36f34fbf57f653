/** Gradients that TensorFlow computes in one operation and tfjs in several, put in place for as long as a trace lasts. */
import type { GradConfig, NamedAttrMap, Tensor } from '@tensorflow/tfjs-core'
import type { Kernels, NativeSurface, OpAttr } from '../kernels/index.ts'

type TensorFlow = Kernels['tf']

/** What the operation takes: the incoming gradient `dy`, and the function's input `x` or result `y`. */
type Arguments = readonly ('dy' | 'x' | 'y')[]

/** tfjs kernel → its gradient's operation. Relu's takes `y`, which lets TensorFlow fuse it into what comes before. */
const operations: Readonly<Record<string, { readonly op: string; readonly takes: Arguments; readonly attr?: string }>> =
  {
    Relu: { op: 'ReluGrad', takes: ['dy', 'y'] },
    Relu6: { op: 'Relu6Grad', takes: ['dy', 'y'] },
    LeakyRelu: { op: 'LeakyReluGrad', takes: ['dy', 'x'], attr: 'alpha' },
    Selu: { op: 'SeluGrad', takes: ['dy', 'y'] },
    Sigmoid: { op: 'SigmoidGrad', takes: ['y', 'dy'] },
    Softplus: { op: 'SoftplusGrad', takes: ['dy', 'x'] },
    Sqrt: { op: 'SqrtGrad', takes: ['y', 'dy'] },
    Rsqrt: { op: 'RsqrtGrad', takes: ['y', 'dy'] },
    Tanh: { op: 'TanhGrad', takes: ['y', 'dy'] },
  }

export function withNativeGradients<T>(tf: TensorFlow, native: NativeSurface, body: () => T): T {
  const replaced: GradConfig[] = []
  const own = [...Object.keys(operations).map((name) => nativeGradient(native, name)), tileGradient(tf)]
  try {
    for (const gradient of own) {
      const stock = tf.getGradient(gradient.kernelName)
      if (stock === undefined) continue
      replaced.push(stock)
      tf.registerGradient(gradient)
    }
    return body()
  } finally {
    for (const gradient of replaced) tf.registerGradient(gradient)
  }
}

function nativeGradient(native: NativeSurface, kernelName: string): GradConfig {
  const { op, takes, attr } = operations[kernelName] as (typeof operations)[string]
  const saved = takes.includes('y') ? { outputsToSave: [true] } : { inputsToSave: ['x'] }
  return {
    kernelName,
    ...saved,
    gradFunc(dy, [value], attrs) {
      const given = takes.map((name) => (name === 'dy' ? dy : value) as Tensor)
      const gradient = () => native.executeSingleOutput(op, attributes(native, attrs, attr), given)
      return { x: gradient }
    },
  }
}

function attributes({ attrTypes, dtypes }: NativeSurface, values: NamedAttrMap, name?: string): OpAttr[] {
  const attrs: OpAttr[] = [{ name: 'T', type: attrTypes.type, value: dtypes.float32 }]
  if (name !== undefined) attrs.push({ name, type: attrTypes.float, value: values[name] as number })
  return attrs
}

/** The sum over the copies. tfjs slices and adds them one by one, thousands for a layer normalisation of images. */
const tileGradient = (tf: TensorFlow): GradConfig => ({
  kernelName: 'Tile',
  inputsToSave: ['x'],
  gradFunc(dy, [x], attrs) {
    const { shape } = x as Tensor
    const copies = (attrs as unknown as { reps: number[] }).reps
    const split = shape.flatMap((size, axis) => [copies[axis] ?? 1, size])
    const axes = shape.map((_, axis) => 2 * axis).filter((axis) => split[axis] !== 1)
    return { x: () => tf.reshape(tf.sum(tf.reshape(dy as Tensor, split), axes), shape) }
  },
})
