/**
 * Leaves out what nobody reads: windows that do not reach the last rows and columns of a picture, as a pool of 2 over 13 does not, make
 * the convolutions before them compute an edge for nothing. Their inputs are cut to what is read; the numbers stay the same.
 */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel, SymbolicTensor } from '@tensorflow/tfjs-layers'
import { everyLayer, type LayerLike, withProperties } from './layers.ts'
import type { NativeKernels } from './step.ts'

/** What tfjs-layers keeps of a layer's place in the models it belongs to. */
interface Placed extends LayerLike {
  readonly inboundNodes?: readonly Node[]
  readonly outboundNodes?: readonly Node[]
}
interface Node {
  readonly outboundLayer: Placed
  readonly outputShapes: readonly (readonly (number | null)[])[]
}

/** Lists have one number per dimension of a picture: two, or one of a sequence and three of a volume. */
interface Windowed {
  readonly padding: string
  readonly dataFormat?: string | null
  readonly kernelSize?: readonly number[]
  readonly poolSize?: readonly number[]
  readonly strides: readonly number[]
  readonly dilationRate?: number | readonly number[]
}

/** Of a layer's output, in each dimension between rows and channels, counted from the first. */
type Extent = readonly number[]

const convolutions = new Set(['Conv1D', 'Conv2D', 'Conv3D', 'DepthwiseConv2D', 'SeparableConv2D'])
const pools = new Set(
  ['Max', 'Average'].flatMap((kind) => [1, 2, 3].map((dimensions) => `${kind}Pooling${dimensions}D`)),
)
const elementwise = new Set(['Activation', 'ReLU', 'KerasReLU', 'LeakyReLU', 'ELU', 'KerasELU', 'ThresholdedReLU'])
/** The same at each position but in training, when they see what is normal in a batch or draw a number for each. */
const elementwiseAtRest = new Set(['BatchNormalization', 'Dropout', 'GaussianNoise', 'GaussianDropout', 'AlphaDropout'])

/**
 * Runs `body` with convolutions that compute no more than what is read of them.
 *
 * @param training whether `body` runs the layers' training pass
 */
export function withoutUnreadEdges<T>(
  { tf }: Pick<NativeKernels, 'tf'>,
  model: LayersModel,
  training: boolean,
  body: () => T,
): T {
  const reading = new Reading(model, training)
  const changes = everyLayer(model).flatMap((layer) => {
    const read = reading.inputOfConvolution(layer)
    if (read === undefined || layer.call === undefined) return []
    const stock = layer.call.bind(layer)
    const call: typeof stock = (inputs, kwargs) => stock(cut(tf, only(inputs), read), kwargs)
    return [[layer, { call }] as const]
  })
  return withProperties(changes, body)
}

const only = (inputs: Tensor | Tensor[]): Tensor => (Array.isArray(inputs) ? (inputs[0] as Tensor) : inputs)

/** A convolution before it may have left the edge out already. */
function cut(tf: NativeKernels['tf'], x: Tensor, extent: Extent): Tensor {
  const read = x.shape.map((size, axis) => Math.min(size, extent[axis - 1] ?? size))
  return read.every((size, axis) => size === x.shape[axis])
    ? x
    : tf.slice(
        x,
        read.map(() => 0),
        read,
      )
}

/** How much of its output is read of each layer of a model. */
class Reading {
  readonly #training: boolean
  readonly #ends: ReadonlySet<LayerLike>
  readonly #known = new Map<Placed, Extent | undefined>()

  constructor(model: LayersModel, training: boolean) {
    this.#training = training
    const outputs = everyLayer(model).flatMap((layer): readonly SymbolicTensor[] =>
      layer.layers ? (layer.outputs ?? []) : [],
    )
    this.#ends = new Set(outputs.map(({ sourceLayer }) => sourceLayer as unknown as LayerLike))
  }

  /** What a convolution reads of its input, where that is less than it would without knowing what is read of itself. */
  inputOfConvolution(layer: Placed): Extent | undefined {
    if (!convolutions.has(layer.getClassName())) return undefined
    const [whole, read] = [wholeOf(layer), this.#of(layer)]
    if (whole === undefined || read === undefined || String(read) === String(whole)) return undefined
    return this.#input(layer, read)
  }

  /** Of a layer's output; undefined when it is not known how large that is. */
  #of(layer: Placed): Extent | undefined {
    if (!this.#known.has(layer)) this.#known.set(layer, this.#find(layer))
    return this.#known.get(layer)
  }

  #find(layer: Placed): Extent | undefined {
    const whole = wholeOf(layer)
    if (whole === undefined || this.#ends.has(layer)) return whole
    const reads = (layer.outboundNodes ?? []).map(({ outboundLayer: reader }) => {
      const own = this.#of(reader)
      return own && this.#input(reader, own)
    })
    // Nobody known to read it: a model of somebody else's may.
    if (reads.length === 0 || reads.some((read) => read?.length !== whole.length)) return whole
    return whole.map((size, axis) => Math.min(size, Math.max(...reads.map((read) => read?.[axis] ?? size))))
  }

  /** What a layer reads of its input to make so much of its output; undefined for all of it. */
  #input(layer: Placed, output: Extent): Extent | undefined {
    const name = layer.getClassName()
    if (elementwise.has(name)) return output
    if (elementwiseAtRest.has(name)) return this.#training || !ofChannels(layer, output.length + 1) ? undefined : output
    if (!convolutions.has(name) && !pools.has(name)) return undefined
    const { padding, dataFormat, kernelSize, poolSize, strides, dilationRate = 1 } = layer as Placed & Windowed
    const sizes = kernelSize ?? poolSize
    if (padding !== 'valid' || dataFormat === 'channelsFirst' || sizes?.length !== output.length) return undefined
    return output.map((count, axis) => {
      const rate = [dilationRate].flat()[axis] ?? [dilationRate].flat()[0] ?? 1
      return (count - 1) * (strides[axis] ?? 1) + ((sizes[axis] as number) - 1) * rate + 1
    })
  }
}

/** Whether what a layer has a weight for each of, if anything, is channels. */
const ofChannels = ({ axis = -1 }: Placed & { readonly axis?: number | readonly number[] }, last: number): boolean =>
  [axis].flat().every((index) => index === -1 || index === last)

/** The sizes between rows and channels of what a layer gives at its only place; undefined when they are not fixed. */
function wholeOf({ inboundNodes = [] }: Placed): Extent | undefined {
  const shapes = inboundNodes.flatMap(({ outputShapes }) => outputShapes)
  const sizes = shapes[0]?.slice(1, -1) ?? []
  const fixed = shapes.length === 1 && sizes.length > 0 && sizes.every((size) => size !== null)
  return fixed ? (sizes as Extent) : undefined
}
