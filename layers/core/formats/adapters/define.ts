/** Makes a tfjs-layers class from a description: what it computes, which variables it has, what shape comes out. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { layers, Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'

export type LayerClass = new (config: Options) => layers.Layer
/** A layer's own options as the topology has them, keys in camel case. */
export type Options = Record<string, unknown>

export interface WeightSpec {
  readonly name: string
  readonly shape: Shape
  /** Moved by training. @default true */
  readonly trainable?: boolean
}

/** What a call has at hand. */
export interface Call<O> {
  readonly tf: TensorFlow
  readonly options: O
  readonly weights: Readonly<Record<string, Tensor>>
  readonly training: boolean
  /** One per input; null where nothing is masked. */
  readonly masks: readonly (Tensor | null)[]
}

export interface LayerDefinition<O> {
  readonly className: string
  /** In the order in which Keras makes them. */
  readonly weights?: (options: O, inputShapes: readonly Shape[]) => readonly WeightSpec[]
  /** @default the first input's */
  readonly outputShape?: (inputShapes: readonly Shape[], options: O) => Shape | Shape[]
  readonly call: (inputs: readonly Tensor[], call: Call<O>) => Tensor | Tensor[]
  /** Whether the mask goes on to the next layer. @default true */
  readonly passesMask?: boolean
  /** The mask of the output. @default the first input's, when it goes on */
  readonly mask?: (inputs: readonly Tensor[], masks: readonly (Tensor | null)[]) => Tensor | null
}

interface Variable {
  read(): Tensor
}

/** A registered class of tfjs-layers or of ours, for one of ours to extend; those of tfjs are not exported. */
export const stock = <T>(tf: TensorFlow, name: string): (new (config: Options) => T) => {
  const [Class] = tf.serialization.SerializationMap.getMap().classNameMap[name] as unknown as [
    new (config: Options) => T,
  ]
  return Class
}

/** The class; registered by `installAdapters`. */
export const defineLayer = <O extends Options>(tf: TensorFlow, definition: LayerDefinition<O>): LayerClass => {
  const { className, weights, outputShape, call, passesMask = true, mask: maskOf } = definition

  class Adapter extends tf.layers.Layer {
    static className = className
    /** See `masking.ts`. */
    readonly takesAllMasks = true
    readonly #options: O
    #variables: Readonly<Record<string, Variable>> = {}

    constructor(config: Options) {
      super(config as ConstructorParameters<typeof tf.layers.Layer>[0])
      const { name, trainable, dtype, batchInputShape, inputShape, batchSize, inputDType, ...own } = config
      this.#options = own as O
      this.supportsMasking = true
    }

    override build(inputShape: Shape | Shape[]): void {
      const specs = weights?.(this.#options, shapesOf(inputShape)) ?? []
      this.#variables = Object.fromEntries(
        specs.map(({ name, shape, trainable = true }) => [
          name,
          this.addWeight(
            name,
            shape,
            'float32',
            // Values come from the file; where they do not, scales start at one, as in Keras.
            /gamma|scale|variance/.test(name) ? tf.initializers.ones() : initializerOf(tf, name),
            regularizerOf(tf, this.#options[`${name}Regularizer`]),
            trainable,
          ),
        ]),
      )
      this.built = true
    }

    override call(inputs: Tensor | Tensor[], kwargs: Record<string, unknown> = {}): Tensor | Tensor[] {
      return tf.tidy(() => {
        const list = Array.isArray(inputs) ? inputs : [inputs]
        const given = kwargs.mask as (Tensor | null)[] | null | undefined
        return call(list, {
          tf,
          options: this.#options,
          weights: Object.fromEntries(
            Object.entries(this.#variables).map(([name, variable]) => [name, variable.read()]),
          ),
          training: kwargs.training === true,
          masks: given ?? list.map(() => null),
        })
      })
    }

    override computeOutputShape(inputShape: Shape | Shape[]): Shape | Shape[] {
      const shapes = shapesOf(inputShape)
      return outputShape ? outputShape(shapes, this.#options) : [...(shapes[0] ?? [])]
    }

    override computeMask(inputs: Tensor | Tensor[], mask?: Tensor | Tensor[]): Tensor | Tensor[] {
      const masks = [mask ?? null].flat()
      if (maskOf) return maskOf([inputs].flat(), masks) as Tensor
      return (passesMask ? (masks[0] ?? null) : null) as Tensor
    }

    override getConfig() {
      return { ...super.getConfig(), ...this.#options } as ReturnType<layers.Layer['getConfig']>
    }
  }
  return Adapter
}

const shapesOf = (shape: Shape | Shape[]): Shape[] => (Array.isArray(shape[0]) ? (shape as Shape[]) : [shape as Shape])

const initializerOf = (tf: TensorFlow, name: string) =>
  /bias|beta|mean/.test(name) ? tf.initializers.zeros() : tf.initializers.glorotUniform({})

const regularizerOf = (tf: TensorFlow, value: unknown) => {
  const { l1, l2 } = (value as { config?: { l1?: number; l2?: number } } | null)?.config ?? {}
  return l1 || l2 ? tf.regularizers.l1l2({ l1: l1 ?? 0, l2: l2 ?? 0 }) : undefined
}

/** Applies an activation by the topology's name for it; null is none. */
export const activate = (tf: TensorFlow, name: unknown, x: Tensor): Tensor => {
  if (name === null || name === undefined || name === 'linear') return x
  const key = String(name).replace(/_+(\w)/g, (_, letter: string) => letter.toUpperCase())
  const known = tf.serialization.SerializationMap.getMap().classNameMap[key]
  if (!known) throw new Error(`activation ${name} is not known`)
  const [Activation] = known as unknown as [new () => { apply(x: Tensor): Tensor }]
  return new Activation().apply(x)
}

/** Axes counted from the front; a single one, a list, or the last by default. */
export const axesOf = (axis: unknown, rank: number): number[] =>
  (Array.isArray(axis) ? axis : [axis ?? -1]).map((one: number) => (one < 0 ? one + rank : one))

/** A size that is not known stays so. */
export const sized = (size: number | null | undefined, to: (size: number) => number): number | null =>
  size === null || size === undefined ? null : to(size)

/** What comes of tensors of these shapes, element by element. */
export const broadcastShapes = (shapes: readonly Shape[]): Shape =>
  shapes.reduce((a, b) => {
    const [long, short] = a.length >= b.length ? [a, b] : [b, a]
    const offset = long.length - short.length
    return long.map((size, axis) => {
      const other = axis < offset ? 1 : (short[axis - offset] ?? null)
      return size === 1 ? other : size
    })
  })
