/** Operations that work element by element: arithmetic, comparisons, functions, activations. */
import { activations } from '../activations.ts'
import { binary, floating, type Operation, type Operations, only, real, t, tuned, unary } from './define.ts'

const quotient = binary((a, b) => floating(a).div(floating(b)))

/** An activation whose options have their defaults. */
const activation = (name: keyof typeof activations): Operation => real((x, tf) => activations[name]?.(x, tf) ?? x)

export const pointwise: Operations = {
  add: binary((a, b) => a.add(b)),
  subtract: binary((a, b) => a.sub(b)),
  multiply: binary((a, b) => a.mul(b)),
  truedivide: quotient,
  divide: quotient,
  floordivide: binary((a, b) => a.floorDiv(b)),
  mod: binary((a, b) => a.mod(b)),
  power: binary((a, b) => a.pow(b)),
  maximum: binary((a, b) => a.maximum(b)),
  minimum: binary((a, b) => a.minimum(b)),
  arctan2: binary((a, b) => floating(a).atan2(floating(b))),
  logaddexp: binary((a, b) => {
    const [one, other] = [floating(a), floating(b)]
    return one.maximum(other).add(one.sub(other).abs().neg().exp().log1p())
  }),
  equal: binary((a, b) => a.equal(b)),
  notequal: binary((a, b) => a.notEqual(b)),
  greater: binary((a, b) => a.greater(b)),
  greaterequal: binary((a, b) => a.greaterEqual(b)),
  less: binary((a, b) => a.less(b)),
  lessequal: binary((a, b) => a.lessEqual(b)),
  logicaland: binary((a, b) => a.toBool().logicalAnd(b.toBool())),
  logicalor: binary((a, b) => a.toBool().logicalOr(b.toBool())),
  logicalxor: binary((a, b) => a.toBool().logicalXor(b.toBool())),
  logicalnot: unary((x) => x.toBool().logicalNot()),
  negative: unary((x) => x.neg()),
  absolute: unary((x) => x.abs()),
  abs: unary((x) => x.abs()),
  sign: unary((x) => x.sign()),
  square: unary((x) => x.square()),
  relu: unary((x) => x.relu()),
  stopgradient: unary((x) => x.clone()),
  isnan: real((x) => x.isNaN()),
  isinf: real((x) => x.isInf()),
  isfinite: real((x) => x.isFinite()),
  floor: real((x) => x.floor()),
  ceil: real((x) => x.ceil()),
  round: { ...real((x) => x.round()), options: ['decimals'], refuses: only({ decimals: [0, null] }) },
  exp: real((x) => x.exp()),
  exp2: real((x, tf) => tf.pow(2, x)),
  expm1: real((x) => x.expm1()),
  log: real((x) => x.log()),
  log1p: real((x) => x.log1p()),
  log2: real((x) => x.log().div(Math.LN2)),
  log10: real((x) => x.log().div(Math.LN10)),
  sqrt: real((x) => x.sqrt()),
  rsqrt: real((x) => x.rsqrt()),
  reciprocal: real((x) => x.reciprocal()),
  erf: real((x) => x.erf()),
  sin: real((x) => x.sin()),
  cos: real((x) => x.cos()),
  tan: real((x) => x.tan()),
  sinh: real((x) => x.sinh()),
  cosh: real((x) => x.cosh()),
  tanh: real((x) => x.tanh()),
  arcsin: real((x) => x.asin()),
  arccos: real((x) => x.acos()),
  arctan: real((x) => x.atan()),
  arcsinh: real((x) => x.asinh()),
  arccosh: real((x) => x.acosh()),
  arctanh: real((x) => x.atanh()),
  sigmoid: real((x) => x.sigmoid()),
  softplus: real((x) => x.softplus()),
  softsign: real((x) => x.div(x.abs().add(1))),
  silu: real((x) => x.mul(x.sigmoid())),
  relu6: real((x) => x.clipByValue(0, 6)),
  selu: real((x) => x.selu()),
  hardsigmoid: activation('hard_sigmoid3'),
  hardsilu: activation('hard_silu'),
  hardtanh: activation('hard_tanh'),
  logsigmoid: activation('log_sigmoid'),
  tanhshrink: activation('tanh_shrink'),
  sparseplus: activation('sparse_plus'),
  sparsesigmoid: activation('sparse_sigmoid'),
  gelu: {
    takes: 1,
    options: ['approximate'],
    compute: (tf, [value], { approximate }) => {
      const x = floating(t(tf, value))
      const inner =
        approximate === false
          ? x.mul(Math.SQRT1_2).erf()
          : x
              .pow(3)
              .mul(0.044715)
              .add(x)
              .mul(Math.sqrt(2 / Math.PI))
              .tanh()
      return x.mul(0.5).mul(inner.add(1))
    },
  },
  elu: tuned('alpha', 1, (x, alpha, tf) => tf.where(x.greater(0), x, x.minimum(0).expm1().mul(alpha))),
  celu: tuned('alpha', 1, (x, alpha) => x.relu().add(x.minimum(0).div(alpha).expm1().mul(alpha))),
  leakyrelu: tuned('negative_slope', 0.2, (x, slope, tf) => tf.where(x.greater(0), x, x.mul(slope))),
  squareplus: tuned('b', 4, (x, b) => x.add(x.square().add(b).sqrt()).div(2)),
  softshrink: tuned('threshold', 0.5, (x, by) => x.sub(by).relu().sub(x.neg().sub(by).relu())),
  hardshrink: tuned('threshold', 0.5, (x, by, tf) => tf.where(x.abs().greater(by), x, tf.zerosLike(x))),
  threshold: {
    takes: 1,
    options: ['threshold', 'default_value'],
    compute: (tf, [value], { threshold, default_value: other }) => {
      const x = floating(t(tf, value))
      return tf.where(x.greater(threshold as number), x, tf.fill(x.shape, other as number))
    },
  },
  clip: {
    takes: 1,
    options: ['x_min', 'x_max'],
    compute: (tf, [x], { x_min: low, x_max: high }) => t(tf, x).clipByValue(low as number, high as number),
  },
}
