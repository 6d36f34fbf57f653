/** The operations compiled models consist of: pure functions of their inputs, none of which touches files, network or code. */

const names = `Abs Acos Acosh Add AddN AddV2 All Any ArgMax ArgMin Asin Asinh Atan Atan2 Atanh AvgPool AvgPool3D
  BatchMatMulV2 BatchToSpaceND BiasAdd Bincount BroadcastArgs BroadcastTo Cast Ceil ConcatV2 Const Conv2D
  Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cos Cosh CropAndResize Cumprod Cumsum DepthToSpace
  DepthwiseConv2dNative Diag Dilation2D Einsum Elu Equal Erf Exp ExpandDims Expm1 Fill Floor FloorDiv FloorMod
  FusedBatchNorm FusedBatchNormV3 GatherNd GatherV2 Greater GreaterEqual Identity IsFinite IsInf IsNan LRN LeakyRelu
  Less LessEqual LinSpace Log Log1p LogicalAnd LogicalNot LogicalOr MatMul Max MaxPool MaxPool3D Maximum Mean Min
  Minimum MirrorPad Mod Mul Neg NonMaxSuppressionV3 NotEqual OneHot OnesLike Pack PadV2 Placeholder Pow Prelu Prod
  Range RealDiv Reciprocal Relu Relu6 Reshape ResizeBilinear ResizeNearestNeighbor ReverseV2 Round Rsqrt ScatterNd
  Select SelectV2 Selu Shape Sigmoid Sign Sin Sinh Slice Softmax Softplus SpaceToBatchND SparseToDense SplitV Sqrt
  Square SquaredDifference Squeeze StridedSlice Sub Sum Tan Tanh TensorScatterUpdate Tile TopKV2 Transpose UniqueV2
  Unpack UnsortedSegmentSum ZerosLike`

const allowed = new Set(names.split(/\s+/))

export const isAllowedOperation = (name: string): boolean => allowed.has(name)
