/** How a process that passes bytes on collects its garbage: both the service and a model's process. */
import { setFlagsFromString } from 'node:v8'

/** For Node's command line: a young generation of 1 MB, so that bodies are let go of soon after their request. */
export const smallYoungGeneration = '--max-semi-space-size=1'

/**
 * Full collections only when the heap is five times what the last one left. V8 counts the bytes of bodies, which are
 * outside of its heap and gone in a moment, against a limit that it takes from the heap, a small one here: without this
 * it ran a full collection every 60 requests, and these were the slowest one in a hundred.
 */
export const fewFullCollections = (): void => setFlagsFromString('--heap-growing-percent=400')
