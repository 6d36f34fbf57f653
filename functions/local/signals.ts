/** Waiting for the end of a service that a person or an init system asks for. */

/** Resolves with the first SIGINT or SIGTERM; the second ends the process at once, with the shell's code for it. */
export const untilSignal = (): Promise<NodeJS.Signals> =>
  new Promise((resolve) => {
    const codes = { SIGINT: 130, SIGTERM: 143 }
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(codes[signal])
        asked = true
        resolve(signal)
      })
    }
  })
