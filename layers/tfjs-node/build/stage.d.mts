// Types of stage.mjs.

/** Makes a folder whole or not at all: built in a temporary one beside it, then renamed into place. */
export declare function stage(
  options: {
    readonly root: string
    readonly name: string
    readonly replace?: boolean
    readonly signal?: AbortSignal | undefined
    readonly onWait?: (pid: number) => void
  },
  make: (directory: string) => Promise<void>,
): Promise<{ directory: string; made: boolean }>
