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

export const createTurns = (most: number): Turns => {
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
        const leave = (): void => {
          waiting.delete(begin)
          reject(signal?.reason)
          next()
        }
        const begin = (): void => {
          signal?.removeEventListener('abort', leave)
          resolve(run(task))
        }
        if (signal?.aborted) return reject(signal.reason)
        signal?.addEventListener('abort', leave, { once: true })
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
