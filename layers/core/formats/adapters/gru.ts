/** The GRU that Keras makes by default: the reset gate acts after the matrix product, and each product has a bias of its own. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayerVariable, Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { type LayerClass, type Options, stock } from './define.ts'

/** What tfjs-layers' own cell has; its types are not exported. */
interface GruCell {
  name: string
  built: boolean
  readonly units: number
  readonly useBias: boolean
  readonly dropout: number
  readonly recurrentDropout: number
  readonly activation: { apply(x: Tensor): Tensor }
  readonly recurrentActivation: { apply(x: Tensor): Tensor }
  kernel: LayerVariable
  recurrentKernel: LayerVariable
  bias: LayerVariable | null
  dropoutMask: Tensor | Tensor[] | null
  recurrentDropoutMask: Tensor | Tensor[] | null
  readonly kernelInitializer: unknown
  readonly recurrentInitializer: unknown
  readonly biasInitializer: unknown
  readonly kernelRegularizer: unknown
  readonly recurrentRegularizer: unknown
  readonly biasRegularizer: unknown
  readonly kernelConstraint: unknown
  readonly recurrentConstraint: unknown
  readonly biasConstraint: unknown
  addWeight(...parameters: unknown[]): LayerVariable
  getConfig(): Options
}
interface GruLayer {
  cell: GruCell
  getConfig(): Options
}

/** tfjs' cell knows no `reset_after`, and refuses it. */
const withoutResetAfter = ({ resetAfter, ...config }: Options): Options => config

export const gruLayers = (tf: TensorFlow): LayerClass[] => {
  class KerasGRUCell extends stock<GruCell>(tf, 'GRUCell') {
    static className = 'KerasGRUCell'

    constructor(config: Options) {
      super(withoutResetAfter(config))
    }

    build(shape: Shape): void {
      const size = shape.at(-1)
      const gates = 3 * this.units
      const add = (name: string, own: Shape, initializer: unknown, regularizer: unknown, constraint: unknown) =>
        this.addWeight(name, own, null, initializer, regularizer, true, constraint)
      this.kernel = add(
        'kernel',
        [size ?? null, gates],
        this.kernelInitializer,
        this.kernelRegularizer,
        this.kernelConstraint,
      )
      this.recurrentKernel = add(
        'recurrent_kernel',
        [this.units, gates],
        this.recurrentInitializer,
        this.recurrentRegularizer,
        this.recurrentConstraint,
      )
      this.bias = this.useBias
        ? add('bias', [2, gates], this.biasInitializer, this.biasRegularizer, this.biasConstraint)
        : null
      this.built = true
    }

    call([input, state]: [Tensor, Tensor], kwargs: Options = {}): Tensor[] {
      return tf.tidy(() => {
        const x = this.#dropped('dropoutMask', input, this.dropout, kwargs.training === true)
        const h = this.#dropped('recurrentDropoutMask', state, this.recurrentDropout, kwargs.training === true)
        const product = (values: Tensor, kernel: LayerVariable, row: number) => {
          const plain = tf.matMul(values, kernel.read())
          return this.bias ? plain.add(this.bias.read().gather([row]).squeeze([0])) : plain
        }
        const [xz, xr, xh] = tf.split(product(x, this.kernel, 0), 3, -1) as [Tensor, Tensor, Tensor]
        const [hz, hr, hh] = tf.split(product(h, this.recurrentKernel, 1), 3, -1) as [Tensor, Tensor, Tensor]
        const update = this.recurrentActivation.apply(xz.add(hz))
        const reset = this.recurrentActivation.apply(xr.add(hr))
        const candidate = this.activation.apply(xh.add(reset.mul(hh)))
        const next = update.mul(state).add(tf.sub(1, update).mul(candidate))
        return [next, next]
      })
    }

    /** One mask for all time steps of a call; the layer discards it at the start of the next. */
    #dropped(slot: 'dropoutMask' | 'recurrentDropoutMask', x: Tensor, rate: number, training: boolean): Tensor {
      if (!training || !(rate > 0)) return x
      this[slot] ??= tf.keep(tf.dropout(tf.onesLike(x), rate))
      return x.mul(this[slot] as Tensor)
    }

    override getConfig(): Options {
      return { ...super.getConfig(), resetAfter: true }
    }
  }

  class KerasGRU extends stock<GruLayer>(tf, 'GRU') {
    static className = 'KerasGRU'

    constructor(config: Options) {
      super(withoutResetAfter(config))
      const { name } = this.cell
      this.cell = new KerasGRUCell({ ...withoutResetAfter(config), name }) as unknown as GruCell
    }

    override getConfig(): Options {
      return { ...super.getConfig(), resetAfter: true }
    }

    static fromConfig(Class: new (config: Options) => KerasGRU, config: Options): KerasGRU {
      return new Class(config)
    }
  }
  return [KerasGRUCell, KerasGRU] as unknown as LayerClass[]
}
