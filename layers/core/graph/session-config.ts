/** How a prediction session uses threads, as the ConfigProto that TensorFlow reads. */
import { MessageWriter } from '../protobuf.ts'

/** Field numbers of tensorflow.ConfigProto and, from `rewriteOptions` on, of its GraphOptions and RewriterConfig. */
const [intraOpThreads, interOpThreads, graphOptions, experimental, executorType] = [2, 5, 10, 16, 3]
const [rewriteOptions, disableMetaOptimizer] = [10, 19]

/** What `fuse` leaves behind of plain nets: TensorFlow's rewriting finds nothing in them, in a tenth of a process's start. */
const plain = new Set(
  `Placeholder Const Identity _FusedConv2D _FusedMatMul Conv2D MatMul Relu Relu6 Elu LeakyRelu Sigmoid Tanh Softmax MaxPool
  AvgPool Reshape Mean ConcatV2 Pad`.split(/\s+/),
)

/**
 * Everything on the thread that calls: what short runs want, since waking another thread costs as much as they do.
 * The executor for one thread refuses graphs with old control flow.
 *
 * @param operations of the graph, which decide whether TensorFlow rewrites it before its first run
 */
export const onCallingThread = (operations: Iterable<string>): Uint8Array => {
  const config = new MessageWriter()
    .int(intraOpThreads, 1)
    .int(interOpThreads, -1)
    .message(experimental, new MessageWriter().string(executorType, 'SINGLE_THREADED_EXECUTOR'))
  if ([...operations].every((operation) => plain.has(operation))) {
    const rewriting = new MessageWriter().int(disableMetaOptimizer, 1)
    config.message(graphOptions, new MessageWriter().message(rewriteOptions, rewriting))
  }
  return config.finish()
}

/** So many threads within and between operations: what long runs want. */
export const onThreads = (threads: number): Uint8Array =>
  new MessageWriter().int(intraOpThreads, threads).int(interOpThreads, threads).finish()
