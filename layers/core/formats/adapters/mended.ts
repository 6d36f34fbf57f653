/** Lifts limits of tfjs-layers' own classes which Keras does not have; what they computed before stays as it was. */
import type { Tensor } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { type Options, stock } from './define.ts'

export const mendStockLayers = (tf: TensorFlow): void => {
  // Keras flattens what is flat already; tfjs can, but refuses to.
  stock<object>(tf, 'Flatten').prototype.assertInputCompatibility = () => {}
  mendReshape(tf)
  mendConcatenate(tf)
  mendBatchNormalization(tf)
}

interface Reshape {
  readonly targetShape: readonly (number | null)[]
  /** The target with its open size filled in, where all calls agree. */
  resolved?: readonly (number | null)[]
  computeOutputShape(shape: Shape): Shape
  getConfig(): Options
}

/** tfjs leaves a size of -1 open, so no layer with weights can follow. */
const mendReshape = (tf: TensorFlow): void => {
  const prototype: Reshape = stock<Reshape>(tf, 'Reshape').prototype
  const { computeOutputShape, getConfig } = prototype
  prototype.computeOutputShape = function ([batch = null, ...sizes]) {
    const known = this.targetShape.reduce<number>((product, size) => product * (size ?? 1), 1)
    const size = sizes.reduce<number>((product, own) => product * (own ?? Number.NaN), 1) / known
    if (!this.targetShape.includes(null) || !Number.isInteger(size)) {
      return computeOutputShape.call(this, [batch, ...sizes])
    }
    const target = this.targetShape.map((own) => own ?? size)
    this.resolved = this.resolved && String(this.resolved) !== String(target) ? this.targetShape : target
    return [batch, ...target]
  }
  prototype.getConfig = function () {
    const config = getConfig.call(this)
    return this.resolved ? { ...config, targetShape: [...this.resolved] } : config
  }
}

interface Concatenate {
  axis: number
  build(shapes: Shape[]): void
}

/** tfjs takes every axis that is counted from the end for the last one. */
const mendConcatenate = (tf: TensorFlow): void => {
  const prototype: Concatenate = stock<Concatenate>(tf, 'Concatenate').prototype
  const { build } = prototype
  prototype.build = function (shapes) {
    if (this.axis < -1) this.axis += shapes[0]?.length ?? 0
    build.call(this, shapes)
  }
}

/** Keras 2 writes it as a list of one for TF.js. */
type Axis = number | readonly [number]

interface BatchNormalization {
  axis: Axis
  call(inputs: Tensor | Tensor[], kwargs: Options): Tensor
}

/** Counted from the front. */
const placeOf = (axis: Axis, rank: number): number => {
  const [given] = [axis].flat() as [number]
  return given < 0 ? given + rank : given
}

/** Whether tfjs itself normalises such a tensor, on every backend: not over five axes, and the browser's ones not along an earlier axis. */
export const isNormalizedByStock = (axis: Axis, rank: number): boolean => rank <= 4 && placeOf(axis, rank) === rank - 1

/** The axis goes to the end; all before it counts alike, so it may as well be one axis. */
const mendBatchNormalization = (tf: TensorFlow): void => {
  const prototype: BatchNormalization = stock<BatchNormalization>(tf, 'BatchNormalization').prototype
  const { call } = prototype
  prototype.call = function (inputs, kwargs) {
    const input = [inputs].flat()[0] as Tensor
    const own = this.axis
    if (isNormalizedByStock(own, input.rank)) return call.call(this, inputs, kwargs)
    const axis = placeOf(own, input.rank)
    const order = [...input.shape.keys()].filter((other) => other !== axis).concat(axis)
    this.axis = 1
    try {
      return tf.tidy(() => {
        const moved = input.transpose(order)
        const normal = call.call(this, moved.reshape([-1, input.shape[axis] ?? 1]), kwargs)
        return normal.reshape(moved.shape).transpose(order.map((_, place) => order.indexOf(place)))
      })
    } finally {
      this.axis = own
    }
  }
}
