/** Masks as Keras means them: a mask given with a call, and what a recurrent layer writes at masked steps. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../kernels/index.ts'
import { defineLayer, type LayerClass, type Options, stock } from './define.ts'

/** What tfjs-layers' recurrent layers have; its types are not exported. */
interface RecurrentLayer {
  readonly returnSequences: boolean
  readonly goBackwards?: boolean
  /** Of Bidirectional: null keeps both directions apart. */
  readonly mergeMode?: string | null
  call(inputs: Tensor | Tensor[], kwargs: Options): Tensor | Tensor[]
  getConfig(): Options
}

/** Last of all families: these build on layers that others register. */
export const maskLayers = (tf: TensorFlow): LayerClass[] => [
  // The second input masks the first.
  defineLayer(tf, {
    className: 'KerasMask',
    call: ([x]) => (x as Tensor).clone(),
    // A copy: inputs are freed when no layer wants them any more.
    mask: ([, mask]) => mask?.clone() ?? null,
  }),
  ...['SimpleRNN', 'LSTM', 'RNN', 'KerasGRU', 'Bidirectional'].map((name) => maskedRecurrent(tf, name)),
]

/**
 * tfjs writes the state at a masked step. Keras writes the output before it, which is zeros ahead of the first step that counts, or
 * always zeros where `zero_output_for_mask` says so.
 */
const maskedRecurrent = (tf: TensorFlow, name: string): LayerClass => {
  class Masked extends stock<RecurrentLayer>(tf, name) {
    static className = `KerasMasked${name.replace(/^Keras/, '')}`
    readonly #zeros: boolean

    constructor({ zeroOutputForMask, ...config }: Options) {
      super(config)
      this.#zeros = zeroOutputForMask === true
    }

    override call(inputs: Tensor | Tensor[], kwargs: Options): Tensor | Tensor[] {
      const { mask } = kwargs as { readonly mask?: Tensor | null }
      return tf.tidy(() => {
        const result = super.call(inputs, kwargs)
        if (!mask) return result
        const counts = this.#counts(mask)
        if (!Array.isArray(result)) return result.mul(counts)
        // States follow the outputs, and a mask leaves them as they are.
        const outputs = this.mergeMode === null ? 2 : 1
        return result.map((tensor, at) => (at < outputs ? tensor.mul(counts) : tensor))
      })
    }

    /** One where an output counts, else zero; `[batch, time, 1]`, or `[batch, 1]` of the last step alone. */
    #counts(mask: Tensor): Tensor {
      const given = mask.toFloat()
      const steps = this.goBackwards ? given.reverse(1) : given
      const counts = this.#zeros ? steps : tf.cumsum(steps, 1).greater(0).toFloat()
      if (this.returnSequences) return counts.expandDims(-1)
      const [batch = 1, time = 1] = counts.shape
      return counts.slice([0, time - 1], [batch, 1])
    }

    override getConfig(): Options {
      return { ...super.getConfig(), zeroOutputForMask: this.#zeros }
    }
  }
  return Masked as unknown as LayerClass
}
