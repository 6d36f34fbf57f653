/**
 * The operations a graph may consist of to be loaded at all: functions of their inputs and of the graph's own variables and tables.
 *
 * A graph is a program that TensorFlow runs with the rights of its process. None of these touches files, network, Python, other
 * processes or libraries; whatever is not listed is refused by name.
 */

const names = `Abs Acos Acosh Add AddN AddV2 All Angle Any ApproximateEqual ArgMax ArgMin Asin Asinh AssignAddVariableOp
  AssignSubVariableOp AssignVariableOp Atan Atan2 Atanh AvgPool AvgPool3D BatchMatMul BatchMatMulV2 BatchMatMulV3
  BatchToSpace BatchToSpaceND BiasAdd BiasAddV1 Bincount Bitcast BitwiseAnd BitwiseOr BitwiseXor BroadcastArgs BroadcastTo
  Bucketize Case Cast Ceil CheckNumerics ClipByValue Complex ComplexAbs Concat ConcatOffset ConcatV2 Conj Const Conv2D
  Conv2DBackpropInput Conv3D Conv3DBackpropInputV2 Cos Cosh CropAndResize Cross Cumprod Cumsum CumulativeLogsumexp
  DenseBincount DepthToSpace DepthwiseConv2dNative Diag DiagPart Digamma Dilation2D Div DivNoNan DynamicPartition
  DynamicStitch Einsum Elu EmptyTensorList EnsureShape Equal Erf Erfc Erfinv Exp ExpandDims Expm1 FFT FFT2D Fill Floor
  FloorDiv FloorMod FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3 Gather GatherNd GatherV2 Greater GreaterEqual HashTable
  HashTableV2 IFFT IRFFT Identity IdentityN If Igamma Igammac Imag InTopKV2 InitializeTable InitializeTableV2 Inv InvertPermutation
  IsFinite IsInf IsNan IsVariableInitialized L2Loss LRN LeakyRelu LeftShift Less LessEqual Lgamma LinSpace ListDiff Log Log1p
  LogSoftmax LogicalAnd LogicalNot LogicalOr LookupTableFindV2 LookupTableImportV2 LookupTableSizeV2 LowerBound
  MatMul MatrixBandPart MatrixDiag MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixDiagV2 MatrixDiagV3
  MatrixSetDiag MatrixSetDiagV2 MatrixSetDiagV3 Max MaxPool MaxPool3D MaxPoolV2 Maximum Mean Min Minimum MirrorPad Mod Mul
  MulNoNan Multinomial Ndtri Neg NextAfter NoOp NonMaxSuppressionV2 NonMaxSuppressionV3 NonMaxSuppressionV4
  NonMaxSuppressionV5 NotEqual OneHot OnesLike Pack Pad PadV2 ParallelDynamicStitch PartitionedCall Placeholder
  PlaceholderWithDefault Polygamma Pow Prelu PreventGradient Prod RFFT RaggedBincount RaggedGather RaggedRange
  RaggedTensorToTensor RandomStandardNormal RandomUniform RandomUniformInt Range Rank ReadVariableOp Real RealDiv Reciprocal
  RegexReplace Relu Relu6 Reshape ResizeArea ResizeBicubic ResizeBilinear ResizeNearestNeighbor ResourceGather
  ResourceGatherNd Reverse ReverseSequence ReverseV2 RightShift Rint Roll Round Rsqrt ScaleAndTranslate ScatterNd
  SearchSorted SegmentMax SegmentMean SegmentMin SegmentProd SegmentSum Select SelectV2 Selu Shape ShapeN Sigmoid Sign Sin
  Sinh Size Slice Snapshot Softmax Softplus Softsign SpaceToBatch SpaceToBatchND SpaceToDepth SparseFillEmptyRows
  SparseReshape SparseSegmentMean SparseSegmentSqrtN SparseSegmentSum SparseToDense Split SplitV Sqrt Square
  SquaredDifference Squeeze StatefulPartitionedCall StatelessCase StatelessIf StatelessMultinomial StatelessRandomGetKeyCounter
  StatelessRandomNormal StatelessRandomNormalV2 StatelessRandomUniform StatelessRandomUniformV2 StatelessWhile StaticRegexFullMatch
  StaticRegexReplace StopGradient StridedSlice StringFormat StringJoin StringLength StringLower StringNGrams StringSplitV2
  StringStrip StringToHashBucketFast StringToHashBucketStrong StringToNumber StringUpper Sub Substr Sum Tan
  Tanh TensorListConcatV2 TensorListElementShape TensorListFromTensor TensorListGather TensorListGetItem TensorListLength
  TensorListPopBack TensorListPushBack TensorListReserve TensorListResize TensorListScatterV2 TensorListSetItem
  TensorListSplit TensorListStack TensorScatterAdd TensorScatterMax TensorScatterMin TensorScatterSub TensorScatterUpdate
  Tile TopK TopKV2 Transpose TruncateDiv TruncateMod UnicodeDecode Unique UniqueV2 Unpack UnravelIndex UnsortedSegmentMax
  UnsortedSegmentMean UnsortedSegmentMin UnsortedSegmentProd UnsortedSegmentSum UpperBound VarHandleOp VarIsInitializedOp
  VariableShape Where While Xdivy Xlog1py Xlogy ZerosLike Zeta _FusedConv2D _FusedMatMul`

const allowed = new Set(names.split(/\s+/))

export const isAllowedOperation = (name: string): boolean => allowed.has(name)

/** What an operation would do that no model file may; undefined for one that merely is not on the list. */
export const dangerOf = (name: string): string | undefined => dangers.find(([pattern]) => pattern.test(name))?.[1]

const dangers: readonly (readonly [RegExp, string])[] = [
  [/^(Eager)?PyFunc/, 'runs Python code'],
  [/^(Send|Recv|_Send|_Recv|_HostSend|_HostRecv|Rpc|TryRpc|Collective|CloudBigtable|BigQuery)/, 'uses the network'],
  [/(File|Filename|Reader|Record|Dataset|Iterator|Checkpoint|Summary|Lmdb|Cache)/, 'reads or writes files'],
  [/^(Save|Restore|MergeV2|Print|Stage|Dump|Debug)/, 'reads or writes files'],
  [/^(TPU|Xla|_Xla|NcclAll|TRTEngine|Remote|Composite|Custom)/, 'loads or runs code outside of the graph'],
]
