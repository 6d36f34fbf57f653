/** Padding, cropping, enlarging and resizing along the axes between batch and channels. */
import type { Tensor, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Shape } from '@tensorflow/tfjs-layers'
import type { TensorFlow } from '../../kernels/index.ts'
import { defineLayer, type LayerClass, type Options, sized } from './define.ts'

/** `[before, after]` per spatial axis, from a number, a number or pair per axis, or one pair for one axis. */
const pairsOf = (value: unknown, axes: number): [number, number][] => {
  if (typeof value === 'number') return Array.from({ length: axes }, () => [value, value])
  const list = value as readonly (number | [number, number])[]
  if (axes === 1 && list.length === 2 && list.every((one) => typeof one === 'number')) return [list as [number, number]]
  return list.map((one) => (typeof one === 'number' ? [one, one] : one))
}

/** Changes the sizes of all axes but the first and the last. */
const spatialShape = ([shape = []]: readonly Shape[], change: (size: number, axis: number) => number): Shape =>
  shape.map((size, axis) =>
    axis === 0 || axis === shape.length - 1 ? size : sized(size, (known) => change(known, axis - 1)),
  )

const perAxis = (value: unknown, axes: number): number[] =>
  Array.isArray(value) ? (value as number[]) : Array<number>(axes).fill(value as number)

/** The largest middle part that has the sides' ratio. */
const cropped = (x: Tensor, height: number, width: number): Tensor => {
  const [, tall = 1, wide = 1] = x.shape
  const [h, w] = [Math.trunc((wide * height) / width), Math.trunc((tall * width) / height)].map((side, axis) =>
    Math.max(1, Math.min(axis === 0 ? tall : wide, side)),
  ) as [number, number]
  return x.slice([0, Math.trunc((tall - h) / 2), Math.trunc((wide - w) / 2), 0], [-1, h, w, -1])
}

export const spatialLayers = (tf: TensorFlow): LayerClass[] => [
  ...[1, 3].flatMap((axes) => [padding(tf, axes), cropping(tf, axes), repeating(tf, axes)]),
  defineLayer<Options & { size: readonly [number, number] }>(tf, {
    className: 'KerasUpSampling2D',
    passesMask: false,
    outputShape: (shapes, { size }) => spatialShape(shapes, (known, axis) => known * (size[axis] ?? 1)),
    call: ([x], { options: { size } }) => {
      const [, height = 0, width = 0] = (x as Tensor).shape
      return tf.image.resizeBilinear(x as Tensor4D, [height * size[0], width * size[1]], false, true)
    },
  }),
  defineLayer<Options & { height: number; width: number; interpolation: string; cropToAspectRatio?: boolean }>(tf, {
    className: 'KerasResizing',
    passesMask: false,
    outputShape: (shapes, { height, width }) => spatialShape(shapes, (_, axis) => (axis === 0 ? height : width)),
    call: ([x], { options: { height, width, interpolation, cropToAspectRatio } }) => {
      const resize = interpolation === 'nearest' ? tf.image.resizeNearestNeighbor : tf.image.resizeBilinear
      const input = cropToAspectRatio ? cropped(x as Tensor, height, width) : (x as Tensor)
      return resize(input as Tensor3D, [height, width], false, true)
    },
  }),
  defineLayer<Options & { height: number; width: number }>(tf, {
    className: 'KerasCenterCrop',
    passesMask: false,
    outputShape: (shapes, { height, width }) => spatialShape(shapes, (_, axis) => (axis === 0 ? height : width)),
    call: ([x], { options: { height, width } }) => {
      const [, tall = 0, wide = 0] = (x as Tensor).shape
      if (tall < height || wide < width) {
        return tf.image.resizeBilinear(cropped(x as Tensor, height, width) as Tensor4D, [height, width], false, true)
      }
      return (x as Tensor).slice(
        [0, Math.floor((tall - height) / 2), Math.floor((wide - width) / 2), 0],
        [-1, height, width, -1],
      )
    },
  }),
]

const padding = (tf: TensorFlow, axes: number): LayerClass =>
  defineLayer<Options & { padding: unknown }>(tf, {
    className: `ZeroPadding${axes}D`,
    passesMask: false,
    outputShape: (shapes, options) =>
      spatialShape(
        shapes,
        (size, axis) => size + (pairsOf(options.padding, axes)[axis] ?? [0, 0]).reduce((a, b) => a + b),
      ),
    call: ([x], { options }) => tf.pad(x as Tensor, [[0, 0], ...pairsOf(options.padding, axes), [0, 0]]),
  })

const cropping = (tf: TensorFlow, axes: number): LayerClass =>
  defineLayer<Options & { cropping: unknown }>(tf, {
    className: `Cropping${axes}D`,
    passesMask: false,
    outputShape: (shapes, options) =>
      spatialShape(
        shapes,
        (size, axis) => size - (pairsOf(options.cropping, axes)[axis] ?? [0, 0]).reduce((a, b) => a + b),
      ),
    call: ([x], { options }) => {
      const input = x as Tensor
      const pairs = pairsOf(options.cropping, axes)
      const sizes = pairs.map(([before, after], axis) => (input.shape[axis + 1] ?? 0) - before - after)
      return input.slice([0, ...pairs.map(([before]) => before), 0], [-1, ...sizes, -1])
    },
  })

/** Nearest neighbour: every element several times in a row, axis by axis. */
const repeating = (tf: TensorFlow, axes: number): LayerClass =>
  defineLayer<Options & { size: unknown }>(tf, {
    className: `UpSampling${axes}D`,
    passesMask: false,
    outputShape: (shapes, { size }) => spatialShape(shapes, (known, axis) => known * (perAxis(size, axes)[axis] ?? 1)),
    call: ([x], { options: { size } }) =>
      perAxis(size, axes).reduce((input, times, axis) => repeat(tf, input, times, axis + 1), x as Tensor),
  })

const repeat = (tf: TensorFlow, x: Tensor, times: number, axis: number): Tensor => {
  const before = x.shape.slice(0, axis).reduce((a, b) => a * b, 1)
  const after = x.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const size = x.shape[axis] ?? 1
  const shape = x.shape.map((own, at) => (at === axis ? own * times : own))
  return tf.tile(x.reshape([before, size, 1, after]), [1, 1, times, 1]).reshape(shape)
}
