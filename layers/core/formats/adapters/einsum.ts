/** Dense layers along axes named by an equation such as `abc,cd->abd`. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { activate, defineLayer, type LayerClass, type Options } from './define.ts'
import { type Literal, textOf } from './literal.ts'

interface EinsumOptions extends Options {
  readonly equation: Literal
  readonly outputShape: readonly (number | null)[]
  readonly biasAxes: Literal | null
  readonly activation: string | null
}

const parse = (equation: string) => {
  const [, input = '', kernel = '', output = ''] = /^(\w+),(\w+)->(\w+)$/.exec(equation) ?? []
  return { input, kernel, output }
}

/** tfjs' einsum takes small letters only, so axes get other names. */
export const smallLetters = (equation: string): string => {
  const letters = [...new Set(equation.match(/[a-z]/gi))]
  return equation.replace(/[a-z]/gi, (letter) => String.fromCharCode(97 + letters.indexOf(letter)))
}

/** Sizes by axis letter: of the input as it comes, of the output as the layer says. */
const sizesOf = ({ equation, outputShape }: EinsumOptions, shape: Shape): Map<string, number | null> => {
  const { input, output } = parse(textOf(equation))
  const sizes = new Map([...input].map((letter, axis) => [letter, shape[axis] ?? null]))
  ;[...output].slice(1).forEach((letter, axis) => {
    if (sizes.get(letter) === undefined || sizes.get(letter) === null) sizes.set(letter, outputShape[axis] ?? null)
  })
  return sizes
}

export const einsumLayers = (tf: TensorFlow): LayerClass[] => [
  defineLayer<EinsumOptions>(tf, {
    className: 'EinsumDense',
    passesMask: false,
    weights: (options, [shape = []]) => {
      const sizes = sizesOf(options, shape)
      const { kernel, output } = parse(textOf(options.equation))
      const bias = options.biasAxes ? textOf(options.biasAxes) : ''
      // The bias spans from its first axis to the last one; axes between that it does not name have size one.
      const from = Math.min(...[...bias].map((letter) => output.indexOf(letter)))
      const biasShape = [...output]
        .slice(from)
        .map((letter) => (bias.includes(letter) ? (sizes.get(letter) ?? null) : 1))
      return [
        { name: 'kernel', shape: [...kernel].map((letter) => sizes.get(letter) ?? null) },
        ...(bias ? [{ name: 'bias', shape: biasShape }] : []),
      ]
    },
    outputShape: ([shape = []], options) => {
      const sizes = sizesOf(options, shape)
      return [...parse(textOf(options.equation)).output].map((letter) => sizes.get(letter) ?? null)
    },
    call: ([x], { options, weights }) => {
      const product = tf.einsum(smallLetters(textOf(options.equation)), x as Tensor, weights.kernel as Tensor)
      return activate(tf, options.activation, weights.bias ? product.add(weights.bias) : product)
    },
  }),
]
