/** Puts operations onto tensors (`x.reshape([2, 2]).sum()`), which tfjs only does in builds that Node does not load. */
import type * as Core from '@tensorflow/tfjs-core'
import type { DataType, Tensor, TensorLike } from '@tensorflow/tfjs-core'

/** Methods that call the operation of the same name with the tensor in front of their arguments. */
const sameName = `abs acos acosh add all any argMax argMin asin asinh atan atan2 atanh avgPool batchToSpaceND batchNorm
  broadcastTo cast ceil clipByValue conv1d conv2d conv2dTranspose cos cosh cumprod cumsum depthToSpace depthwiseConv2d
  dilation2d div divNoNan dot elu equal erf euclideanNorm exp expandDims expm1 fft floor floorDiv gather greater
  greaterEqual ifft irfft isFinite isInf isNaN leakyRelu less lessEqual localResponseNormalization log log1p logSigmoid
  logSoftmax logSumExp logicalAnd logicalNot logicalOr logicalXor matMul max maxPool maximum mean min minimum mirrorPad
  mod mul neg norm notEqual oneHot onesLike pad pool pow prelu prod reciprocal relu relu6 reshape resizeBilinear
  resizeNearestNeighbor reverse rfft round rsqrt selu separableConv2d sigmoid sign sin sinh slice softmax softplus
  spaceToBatchND split sqrt square squaredDifference squeeze step stridedSlice sub sum tan tanh tile topk transpose
  unique unsortedSegmentSum unstack zerosLike`.split(/\s+/)

type Operation = (first: Tensor, ...rest: unknown[]) => unknown

export function registerChainedOps(core: typeof Core): void {
  const images = core.image as unknown as Record<string, Operation>
  const operations = core as unknown as Record<string, Operation>
  const methods: Record<string, (this: Tensor, ...args: never[]) => unknown> = {}
  for (const name of sameName) {
    const operation = operations[name] ?? images[name]
    if (operation === undefined) throw new Error(`tfjs-core has no operation ${name}; chained-ops.ts is out of date`)
    methods[name] = function (...args) {
      return operation(this, ...args)
    }
  }
  Object.assign(core.Tensor.prototype, methods, unlikeTheirOperation(core))
}

/** Methods that arrange their arguments differently from the operation they call. */
function unlikeTheirOperation(core: typeof Core): Record<string, (this: Tensor, ...args: never[]) => unknown> {
  function reshapeTo(this: Tensor, ...shape: number[]): Tensor {
    return core.reshape(this, shape)
  }
  return {
    asScalar: reshapeTo,
    as2D: reshapeTo,
    as3D: reshapeTo,
    as4D: reshapeTo,
    as5D: reshapeTo,
    as1D() {
      return core.reshape(this, [this.size])
    },
    flatten() {
      return core.reshape(this, [this.size])
    },
    reshapeAs(other: Tensor) {
      return core.reshape(this, other.shape)
    },
    asType(dtype: DataType) {
      return core.cast(this, dtype)
    },
    toBool() {
      return core.cast(this, 'bool')
    },
    toFloat() {
      return core.cast(this, 'float32')
    },
    toInt() {
      return core.cast(this, 'int32')
    },
    concat(others: Tensor | Tensor[], axis?: number) {
      return core.concat([this, ...[others].flat()], axis)
    },
    stack(others: Tensor | Tensor[], axis?: number) {
      return core.stack([this, ...[others].flat()], axis)
    },
    where(condition: Tensor | TensorLike, other: Tensor | TensorLike) {
      return core.where(condition, this, other)
    },
  }
}
