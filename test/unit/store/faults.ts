/** File systems that fail or kill the process at a chosen change, for crash and disk-full tests. */
import * as promises from 'node:fs/promises'

type FileSystem = typeof promises

/** Everything that changes the disk; `open` counts where it makes a file. */
const changes = [
  'link',
  'mkdir',
  'open',
  'rename',
  'rm',
  'rmdir',
  'symlink',
  'unlink',
  'writeFile',
  'writev',
  'sync',
] as const
type Change = (typeof changes)[number]

/** Runs `before` ahead of every change; `partly` does a part of it, where it is a write of content. */
const watchedFs = (before: (change: Change, partly: () => Promise<void>) => Promise<void>): FileSystem => {
  const watched = <T extends object>(target: T, partOf: (args: readonly unknown[]) => Promise<void>): T =>
    new Proxy(target, {
      get(_, property) {
        const value = Reflect.get(target, property)
        if (typeof value !== 'function') return value
        return async (...args: unknown[]) => {
          const change = changes.find((name) => name === property && !(name === 'open' && args[1] === 'r'))
          if (change !== undefined) await before(change, () => partOf(args))
          const result = await value.apply(target, args)
          return property === 'open' ? watchedHandle(result) : result
        }
      },
    })

  const watchedHandle = (handle: promises.FileHandle): promises.FileHandle =>
    watched(handle, async ([given]) => {
      const [content] = [given].flat()
      if (content instanceof Uint8Array) await handle.writeFile(content.subarray(0, content.length >> 1))
    })

  return watched(promises, async () => {})
}

/**
 * Kills the process, as kill -9 does, ahead of change number `at` (from 1), after a part of it where it is a write.
 * Syncs are left out: what a process wrote outlives the process, synced or not.
 */
export const dyingFs = (at: number): FileSystem => {
  let count = 0
  return withoutSync(
    watchedFs(async (change, partly) => {
      if (change === 'sync' || ++count !== at) return
      await partly()
      process.kill(process.pid, 'SIGKILL')
      // The signal is on its way; nothing more may happen.
      await new Promise(() => {})
    }),
  )
}

/** For tests that are about processes and not about power cuts. */
export const withoutSync = (fs: FileSystem = promises): FileSystem =>
  new Proxy(fs, {
    get(target, property) {
      const value = Reflect.get(target, property)
      if (property !== 'open') return value
      return async (...args: Parameters<FileSystem['open']>) => {
        const handle = await target.open(...args)
        return new Proxy(handle, {
          get: (_, name) => {
            if (name === 'sync') return async () => {}
            const member = Reflect.get(handle, name)
            return typeof member === 'function' ? member.bind(handle) : member
          },
        })
      }
    },
  })

/** The disk is full from the change number `at` on that needs room; `met` says whether that many were made. */
export const fullFs = (at: number): { readonly fs: FileSystem; readonly met: () => boolean } => {
  const needRoom: readonly Change[] = ['link', 'mkdir', 'open', 'writeFile', 'sync']
  let count = 0
  const fs = watchedFs(async (change, partly) => {
    if (!needRoom.includes(change) || ++count < at) return
    await partly()
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  })
  return { fs, met: () => count >= at }
}
