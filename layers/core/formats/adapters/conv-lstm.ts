/** LSTMs whose products are convolutions in one dimension; tfjs-layers has those of two. */
import type { Tensor, Tensor3D } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'
import { activate, defineLayer, type LayerClass, type Options, sized } from './define.ts'

interface ConvLstmOptions extends Options {
  readonly filters: number
  readonly kernelSize: readonly number[]
  readonly strides: readonly number[]
  readonly padding: 'valid' | 'same'
  readonly useBias: boolean
  readonly activation: string
  readonly recurrentActivation: string
  readonly returnSequences?: boolean
  readonly goBackwards?: boolean
}

const lengthOf = (
  size: number,
  { kernelSize: [kernel = 1], strides: [stride = 1], padding }: ConvLstmOptions,
): number => (padding === 'same' ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1)

export const convLstmLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer<ConvLstmOptions>(tf, {
    className: 'ConvLSTM1D',
    passesMask: false,
    weights: ({ kernelSize: [kernel = 1], filters, useBias }, [shape = []]) => [
      { name: 'kernel', shape: [kernel, shape.at(-1) ?? 1, filters * 4] },
      { name: 'recurrent_kernel', shape: [kernel, filters, filters * 4] },
      ...(useBias ? [{ name: 'bias', shape: [filters * 4] }] : []),
    ],
    outputShape: ([shape = []], options) => {
      const inner = [sized(shape[2], (size) => lengthOf(size, options)), options.filters]
      return options.returnSequences ? [shape[0] ?? null, shape[1] ?? null, ...inner] : [shape[0] ?? null, ...inner]
    },
    call: ([x], { options, weights }) => {
      const steps = tf.unstack(x as Tensor, 1)
      const inOrder = options.goBackwards ? steps.toReversed() : steps
      const [stride = 1] = options.strides
      const gate = (value: Tensor) => activate(tf, options.recurrentActivation, value)
      const outputs: Tensor[] = []
      let state: { readonly h: Tensor; readonly c: Tensor } | undefined
      for (const step of inOrder) {
        const given = tf.conv1d(step as Tensor3D, weights.kernel as Tensor3D, stride, options.padding)
        const biased = weights.bias ? given.add(weights.bias) : given
        const summed = state
          ? biased.add(tf.conv1d(state.h as Tensor3D, weights.recurrent_kernel as Tensor3D, 1, 'same'))
          : biased
        const [input, forget, candidate, output] = tf.split(summed, 4, -1) as [Tensor, Tensor, Tensor, Tensor]
        const fresh = gate(input).mul(activate(tf, options.activation, candidate))
        const c: Tensor = state ? gate(forget).mul(state.c).add(fresh) : fresh
        state = { h: gate(output).mul(activate(tf, options.activation, c)), c }
        outputs.push(state.h)
      }
      return options.returnSequences ? tf.stack(outputs, 1) : (state as { readonly h: Tensor }).h
    },
  }),
]
