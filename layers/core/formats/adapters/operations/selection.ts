/** Operations that choose, number, or change the kind of numbers; and those on images. */
import type { Tensor, Tensor1D, Tensor3D, Tensor4D, Tensor5D } from '@tensorflow/tfjs-core'
import type { TensorFlow } from '../../../kernels/index.ts'
import { along, dtypeNamed, type Operation, type OperationOptions, type Operations, only, t } from './define.ts'

/** A dtype that is left open is the tensor's own. */
const refusesDtype = ({ dtype }: OperationOptions): string | undefined =>
  dtype === null || dtype === undefined || dtypeNamed(dtype) ? undefined : `dtype=${JSON.stringify(dtype)}`

const cast = (x: Tensor, dtype: unknown): Tensor => x.cast(dtypeNamed(dtype) ?? x.dtype)

const like = (make: (tf: TensorFlow, x: Tensor, args: readonly unknown[]) => Tensor, takes = 1): Operation => ({
  takes,
  options: ['dtype'],
  refuses: refusesDtype,
  compute: (tf, args, { dtype }) => cast(make(tf, t(tf, args[0]), args), dtype),
})

const chosen = (compute: (x: Tensor, axis: number) => Tensor): Operation =>
  along(
    (x, axis, _, { keepdims }) => (keepdims === true ? compute(x, axis).expandDims(axis) : compute(x, axis)),
    ['keepdims'],
  )

const vectors = (tf: TensorFlow, x: Tensor, { num_classes: classes, dtype }: OperationOptions): Tensor =>
  cast(
    tf
      .oneHot(x.toInt().flatten() as Tensor1D, classes as number)
      .toFloat()
      .reshape([-1, ...x.shape.slice(1), classes as number]),
    dtype,
  )

const encoding = {
  takes: 1,
  options: ['num_classes', 'axis', 'dtype'],
  refuses: (options: OperationOptions) => only({ axis: [-1] })(options, []) ?? refusesDtype(options),
}

/** Windows in one, two or three dimensions. */
const pooling = (kind: 'max' | 'avg'): Operation => ({
  takes: 1,
  options: ['pool_size', 'strides', 'padding', 'data_format'],
  refuses: only({ padding: ['valid', 'same'], data_format: ['channels_last', null] }),
  compute: (tf, [value], { pool_size: size, strides, padding }) => {
    const x = t(tf, value)
    const axes = x.rank - 2
    const sizes = (of: unknown): number[] => (Array.isArray(of) ? of : Array(axes).fill(of))
    const [window, steps, pad] = [sizes(size), sizes(strides ?? size), padding as 'valid' | 'same']
    if (axes === 3) {
      const pool = kind === 'max' ? tf.maxPool3d : tf.avgPool3d
      return pool(x as Tensor5D, window as [number, number, number], steps as [number, number, number], pad)
    }
    const pool = kind === 'max' ? tf.maxPool : tf.avgPool
    if (axes === 2) return pool(x as Tensor4D, window as [number, number], steps as [number, number], pad)
    const flat = x.expandDims(1) as Tensor4D
    return pool(flat, [1, window[0] ?? 1], [1, steps[0] ?? 1], pad).squeeze([1])
  },
})

export const selection: Operations = {
  where: {
    takes: 3,
    options: [],
    refuses: (_, args) => (args.length === 3 ? undefined : 'the condition alone'),
    compute: (tf, [condition, one, other]) => tf.where(t(tf, condition).toBool(), t(tf, one), t(tf, other)),
  },
  // What masks that layers pass on go through.
  converttotensor: {
    takes: 1,
    options: ['dtype'],
    refuses: ({ dtype }) => (dtype && !dtypeNamed(dtype) ? `dtype=${JSON.stringify(dtype)}` : undefined),
    compute: (tf, [x], { dtype }) => cast(t(tf, x), dtype),
  },
  cast: {
    takes: 1,
    options: ['dtype'],
    refuses: ({ dtype }) => (dtypeNamed(dtype) ? undefined : `dtype=${JSON.stringify(dtype)}`),
    compute: (tf, [x], { dtype }) => cast(t(tf, x), dtype),
  },
  zeroslike: like((tf, x) => tf.zerosLike(x)),
  oneslike: like((tf, x) => tf.onesLike(x)),
  fulllike: like((tf, x, [, value]) => tf.onesLike(x).mul(t(tf, value)), 2),
  argmax: chosen((x, axis) => x.argMax(axis)),
  argmin: chosen((x, axis) => x.argMin(axis)),
  topk: {
    takes: 1,
    options: ['k', 'sorted'],
    compute: (tf, [x], { k }) => {
      const { values, indices } = tf.topk(t(tf, x), k as number, true)
      return [values, indices]
    },
  },
  sort: along((x, axis, tf) => {
    const order = x.shape.map((_, at) => at)
    ;[order[axis], order[x.rank - 1]] = [x.rank - 1, axis]
    const { values } = tf.topk(x.transpose(order), x.shape[axis] ?? 1, true)
    return values.reverse(x.rank - 1).transpose(order)
  }),
  onehot: { ...encoding, compute: (tf, [x], options) => vectors(tf, t(tf, x), options) },
  multihot: {
    ...encoding,
    compute: (tf, [x], options) => vectors(tf, t(tf, x), options).max(t(tf, x).rank > 1 ? 1 : 0),
  },
  take: {
    takes: 2,
    options: ['axis'],
    refuses: ({ axis }) => (typeof axis === 'number' ? undefined : 'no axis'),
    compute: (tf, [value, at], { axis }) => {
      const x = t(tf, value)
      const place = ((axis as number) + x.rank) % x.rank
      const given = t(tf, at).toInt()
      const indices = tf.where(given.less(0), given.add(tf.scalar(x.shape[place] ?? 0, 'int32')), given)
      return tf.gather(x, indices.toInt() as Tensor1D, place)
    },
  },
  resize: {
    takes: 1,
    options: ['size', 'interpolation', 'fill_mode', 'fill_value', 'data_format'],
    refuses: only({ interpolation: ['bilinear', 'nearest'], data_format: ['channels_last', null] }),
    compute: (tf, [x], { size, interpolation }) => {
      const resize = interpolation === 'nearest' ? tf.image.resizeNearestNeighbor : tf.image.resizeBilinear
      return resize(t(tf, x) as Tensor3D, size as [number, number], false, true)
    },
  },
  maxpool: pooling('max'),
  averagepool: pooling('avg'),
}
