/** Lets so many tasks run at once, the others in turn; a task that finds room runs at once, without a queue's own cost. */

export interface Turns {
  /** Rejects as the task does, or with the signal's reason when that fires before its turn. */
  add<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T>
  /** How many wait for their turn. */
  readonly waiting: number
  /** Whether the next task would have to wait. */
  readonly full: boolean
  /** Begins nothing more until `go`. */
  hold(): void
  go(): void
  /** Resolves when nothing runs and nothing waits. */
  idle(): Promise<void>
}

/** How long a task waits for its turn. */
export interface Patience {
  /** Milliseconds. */
  readonly ms: number
  /** What a task is rejected with that has waited so long; it is never run. */
  readonly late: () => Error
}

export const createTurns = (most: number, { ms, late }: Patience): Turns => {
  /** In the order they came. */
  const waiting = new Set<() => void>()
  let running = 0
  let held = false
  let idle: (() => void)[] = []

  const full = (): boolean => held || running >= most || waiting.size > 0

  const next = (): void => {
    for (const begin of waiting) {
      if (held || running >= most) return
      waiting.delete(begin)
      begin()
    }
    if (running > 0 || waiting.size > 0) return
    for (const tell of idle) tell()
    idle = []
  }
  const run = async <T>(task: () => Promise<T>): Promise<T> => {
    running++
    try {
      return await task()
    } finally {
      running--
      next()
    }
  }

  return {
    add: (task, signal) => {
      if (!full()) return run(task)
      return new Promise((resolve, reject) => {
        const settle = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', gone)
        }
        const leave = (reason: unknown): void => {
          settle()
          waiting.delete(begin)
          reject(reason)
          next()
        }
        const gone = (): void => leave(signal?.reason)
        const begin = (): void => {
          settle()
          resolve(run(task))
        }
        if (signal?.aborted) return reject(signal.reason)
        const timer = setTimeout(() => leave(late()), ms)
        signal?.addEventListener('abort', gone, { once: true })
        waiting.add(begin)
      })
    },
    get waiting() {
      return waiting.size
    },
    get full() {
      return full()
    },
    hold: () => {
      held = true
    },
    go: () => {
      held = false
      next()
    },
    idle: () =>
      running === 0 && waiting.size === 0
        ? Promise.resolve()
        : new Promise((resolve) => {
            idle.push(resolve)
          }),
  }
}
