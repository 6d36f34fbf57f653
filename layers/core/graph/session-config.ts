/** How a session uses threads, as the ConfigProto that TensorFlow reads. */
import { MessageWriter } from '../protobuf.ts'

/** Field numbers of tensorflow.ConfigProto, of its GraphOptions, and of what that holds: OptimizerOptions and RewriterConfig. */
const [intraOpThreads, interOpThreads, perSessionThreads, graphOptions, experimental, executorType] = [
  2, 5, 9, 10, 16, 3,
]
const [optimizerOptions, rewriteOptions] = [3, 10]
const [optLevel, disableMetaOptimizer, optimizers] = [3, 19, 100]

/** What `fuse` leaves behind of plain nets: TensorFlow's rewriting finds nothing in them, in a tenth of a process's start. */
const plain = new Set(
  `Placeholder Const Identity _FusedConv2D _FusedMatMul Conv2D MatMul Relu Relu6 Elu LeakyRelu Sigmoid Tanh Softmax MaxPool
  AvgPool Reshape Mean ConcatV2 Pad Slice`.split(/\s+/),
)

/** Bytes of a graph from which most of TensorFlow's optimiser costs more than it brings. */
const largeGraph = 8 * 1024 ** 2

/** What decides how TensorFlow rewrites a graph before its first run. */
export interface GraphFacts {
  readonly operations: Iterable<string>
  readonly bytes: number
}

/**
 * Everything on the thread that calls: what short runs want, since waking another thread costs as much as they do.
 * The executor for one thread refuses graphs with old control flow.
 */
export const onCallingThread = (graph: GraphFacts): Uint8Array => {
  const isPlain = [...graph.operations].every((operation) => plain.has(operation))
  return new MessageWriter()
    .int(intraOpThreads, 1)
    .int(interOpThreads, -1)
    .message(graphOptions, isPlain ? rewriting(graph, nothing) : rewriting(graph))
    .message(experimental, new MessageWriter().string(executorType, 'SINGLE_THREADED_EXECUTOR'))
    .finish()
}

/** So many threads within and between operations: what long runs want. */
export const onThreads = (threads: number, graph: GraphFacts): Uint8Array =>
  new MessageWriter()
    .int(intraOpThreads, threads)
    .int(interOpThreads, threads)
    .message(graphOptions, rewriting(graph))
    .finish()

/** A step in parts: as many threads as parts, each of which runs whole operations. */
export const onePartPerThread = (parts: number): Uint8Array =>
  new MessageWriter().int(intraOpThreads, 1).int(interOpThreads, parts).int(perSessionThreads, 1).finish()

const nothing = new MessageWriter().int(disableMetaOptimizer, 1)
/** Fused operations, and what they leave over. */
const few = new MessageWriter().string(optimizers, 'remap').string(optimizers, 'dependency')

/**
 * All passes over a small graph. Each copies or hashes every weight, which takes 40 ms per megabyte for all of them together; over a
 * large one, which was recorded with its constants computed, only the few that still find something.
 */
const rewriting = ({ bytes }: GraphFacts, passes = bytes < largeGraph ? new MessageWriter() : few): MessageWriter => {
  const options = new MessageWriter().message(rewriteOptions, passes)
  return bytes < largeGraph ? options : options.message(optimizerOptions, new MessageWriter().int(optLevel, -1))
}
