/** Ctrl-C during long work: the first asks it to end well, the second ends at once. */

/** Runs `work` with a signal that the first SIGINT or SIGTERM aborts; exits with the shell's code for signals on the second. */
export const interruptible = async <T>(work: (signal: AbortSignal) => Promise<T>, onFirst: () => void): Promise<T> => {
  const controller = new AbortController()
  const handle = (): void => {
    if (controller.signal.aborted) process.exit(130)
    onFirst()
    controller.abort()
  }
  process.on('SIGINT', handle)
  process.on('SIGTERM', handle)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', handle)
    process.off('SIGTERM', handle)
  }
}
