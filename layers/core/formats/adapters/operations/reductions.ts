/** Operations that go along axes: sums, statistics, norms, products of tensors. */
import type { Tensor } from '@tensorflow/tfjs-core'
import { smallLetters } from '../einsum.ts'
import { along, binary, floating, type Operations, only, reduction, t } from './define.ts'

const max = reduction((x, axis, keep) => x.max(axis, keep))
const min = reduction((x, axis, keep) => x.min(axis, keep))

/** Of the squares' sum, however many axes. */
const length = (x: Tensor, axis: number | number[] | undefined, keep: boolean): Tensor =>
  x.square().sum(axis, keep).sqrt()

const variance = (x: Tensor, axis: number | number[] | undefined, keep: boolean): Tensor =>
  x.sub(x.mean(axis, true)).square().mean(axis, keep)

const EINSUM = /^([a-z]+)(?:,([a-z]+))?->([a-z]*)$/i

export const reductions: Operations = {
  any: reduction((x, axis, keep) => x.toBool().any(axis, keep)),
  all: reduction((x, axis, keep) => x.toBool().all(axis, keep)),
  mean: reduction((x, axis, keep) => floating(x).mean(axis, keep)),
  sum: reduction((x, axis, keep) => x.sum(axis, keep)),
  prod: reduction((x, axis, keep) => x.prod(axis, keep)),
  max,
  amax: max,
  min,
  amin: min,
  var: reduction((x, axis, keep) => variance(floating(x), axis, keep)),
  std: reduction((x, axis, keep) => variance(floating(x), axis, keep).sqrt()),
  logsumexp: reduction((x, axis, keep, tf) => tf.logSumExp(floating(x), axis, keep)),
  countnonzero: reduction((x, axis, keep) => x.notEqual(0).toInt().sum(axis, keep)),
  /** With weights it would take them as an argument, which is refused. */
  average: { ...along((x, axis) => floating(x).mean(axis)), refuses: () => undefined },
  norm: {
    ...reduction((x, axis, keep) => length(floating(x), axis, keep)),
    options: ['axis', 'keepdims', 'ord'],
    refuses: ({ ord, axis }) =>
      ord === null || ord === undefined || (typeof axis === 'number' && (ord === 1 || ord === 2))
        ? undefined
        : `ord=${JSON.stringify(ord)}`,
    compute: (tf, [value], { ord, axis, keepdims }) => {
      const x = floating(t(tf, value))
      const axes = (axis ?? undefined) as number | undefined
      return ord === 1 ? x.abs().sum(axes, keepdims === true) : length(x, axes, keepdims === true)
    },
  },
  normalize: {
    takes: 1,
    options: ['axis', 'order', 'epsilon'],
    refuses: only({ order: [2] }),
    compute: (tf, [value], { axis, epsilon }) => {
      const x = floating(t(tf, value))
      const squares = x.square().sum((axis ?? -1) as number, true)
      return x.mul(squares.rsqrt().minimum(1 / ((epsilon ?? 1e-7) as number)))
    },
  },
  softmax: {
    takes: 1,
    options: ['axis'],
    compute: (tf, [x], { axis }) => {
      const input = t(tf, x)
      const powers = input.sub(input.max((axis ?? -1) as number, true)).exp()
      return powers.div(powers.sum((axis ?? -1) as number, true))
    },
  },
  logsoftmax: {
    takes: 1,
    options: ['axis'],
    compute: (tf, [x], { axis }) => {
      const input = floating(t(tf, x))
      return input.sub(tf.logSumExp(input, (axis ?? -1) as number, true))
    },
  },
  glu: along((x, axis, tf) => {
    const [value, gate] = tf.split(x, 2, axis)
    return (value as Tensor).mul((gate as Tensor).sigmoid())
  }),
  cumsum: along((x, axis) => x.cumsum(axis)),
  cumprod: along((x, axis, tf) => tf.cumprod(x, axis)),
  matmul: binary((a, b, tf) => tf.matMul(a, b)),
  einsum: {
    takes: 2,
    options: ['subscripts'],
    refuses: ({ subscripts }) => {
      const [, one = '', other = ''] = EINSUM.exec(String(subscripts)) ?? []
      const plain = one !== '' && [one, other].every((axes) => new Set(axes).size === axes.length)
      return plain ? undefined : `subscripts=${JSON.stringify(subscripts)}`
    },
    compute: (tf, operands, { subscripts }) =>
      tf.einsum(smallLetters(String(subscripts)), ...operands.map((one) => t(tf, one))),
  },
}
