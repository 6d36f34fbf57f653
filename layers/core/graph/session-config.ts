/** How a prediction session uses threads, as the ConfigProto that TensorFlow reads. */
import { MessageWriter } from '../protobuf.ts'

/** Field numbers of tensorflow.ConfigProto. */
const [intraOpThreads, interOpThreads, experimental, executorType] = [2, 5, 16, 3]

/**
 * Everything on the thread that calls: what short runs want, since waking another thread costs as much as they do.
 * The executor for one thread refuses graphs with old control flow.
 */
export const onCallingThread = (): Uint8Array =>
  new MessageWriter()
    .int(intraOpThreads, 1)
    .int(interOpThreads, -1)
    .message(experimental, new MessageWriter().string(executorType, 'SINGLE_THREADED_EXECUTOR'))
    .finish()

/** So many threads within and between operations: what long runs want. */
export const onThreads = (threads: number): Uint8Array =>
  new MessageWriter().int(intraOpThreads, threads).int(interOpThreads, threads).finish()
