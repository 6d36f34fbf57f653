/** How a process that passes bytes on collects its garbage: both the service and a model's process. */
import { getHeapStatistics, setFlagsFromString } from 'node:v8'

/** For Node's command line: a young generation of 1 MB, so that bodies are let go of soon after their request. */
export const smallYoungGeneration = '--max-semi-space-size=1'

/**
 * For Node's command line: collections on the thread that needs them. Of 1 MB, where little is alive, one takes 0.4 ms; with
 * helpers it takes 0.7 to 1.4 on a busy machine and sometimes 10, because it waits until each of them has had its turn.
 */
export const alone = '--single-threaded-gc'

/**
 * Full collections only when memory has grown by `percent` since the last one. V8 counts the bytes of bodies, which are
 * outside of its heap and gone in a moment, against a limit that it takes from the heap, a small one here: without this
 * a model's process ran a full collection every 60 requests, and these were the slowest in a hundred.
 */
export const fewFullCollections = (percent: number): void => setFlagsFromString(growing(percent))

/** As `fewFullCollections`, for Node's command line: V8 takes compiled code back only under the options it was kept with. */
export const growing = (percent: number): string => `--heap-growing-percent=${percent}`

/** For Node's command line: lets `collectGrowth` ask for a collection. */
export const collectable = '--expose-gc'

/** Bytes of JavaScript's own heap that are worth a full collection, which takes some milliseconds. */
const worthCollecting = 4 * 1024 ** 2

/**
 * Collects everything once the heap itself has grown. What an answer leaves in it is little, half a kilobyte, but with
 * `growing(400)` V8 lets that become 40 MB first. Looks every second and keeps no process alive.
 */
export const collectGrowth = (
  collect: (() => unknown) | undefined = globalThis.gc,
  used = (): number => getHeapStatistics().used_heap_size,
): void => {
  if (collect === undefined) return
  let least = Number.POSITIVE_INFINITY
  const look = (): void => {
    if (used() > least + worthCollecting) {
      collect()
      least = used()
    } else least = Math.min(least, used())
  }
  setInterval(look, 1000).unref()
}
