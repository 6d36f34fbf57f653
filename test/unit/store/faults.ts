/** File systems that fail or kill the process at a chosen change, for crash and disk-full tests. */
import * as promises from 'node:fs/promises'

type FileSystem = typeof promises

/** Everything that changes the disk. */
const changes = ['link', 'mkdir', 'open', 'rename', 'rm', 'rmdir', 'symlink', 'unlink'] as const
const handleChanges = ['writeFile', 'sync'] as const

/** Calls `before` ahead of every change; `partly` of a content write does a part of it first. */
export const watchedFs = (before: (change: string, partly: () => Promise<void>) => Promise<void>): FileSystem => {
  const nothing = async () => {}

  const watchedHandle = (handle: promises.FileHandle): promises.FileHandle =>
    new Proxy(handle, {
      get(target, property) {
        const value = Reflect.get(target, property)
        if (typeof value !== 'function') return value
        if (!handleChanges.some((name) => name === property)) return value.bind(target)
        return async (...args: unknown[]) => {
          const [content] = args
          const half = content instanceof Uint8Array ? content.subarray(0, content.length >> 1) : undefined
          await before(`handle.${String(property)}`, async () => void (half && (await target.writeFile(half))))
          return value.apply(target, args)
        }
      },
    })

  return new Proxy(promises, {
    get(target, property) {
      const value = Reflect.get(target, property)
      if (!changes.some((name) => name === property)) return value
      return async (...args: unknown[]) => {
        await before(String(property), nothing)
        const result = await value(...args)
        return property === 'open' ? watchedHandle(result) : result
      }
    },
  })
}

/** Kills the process, as kill -9 does, ahead of change number `at` (from 1), after a part of it where it is a write. */
export const dyingFs = (at: number): FileSystem => {
  let count = 0
  return watchedFs(async (_change, partly) => {
    if (++count !== at) return
    await partly()
    process.kill(process.pid, 'SIGKILL')
    // The signal is on its way; nothing more may happen.
    await new Promise(() => {})
  })
}

/** The disk is full at change number `at`, and full again at the next one that needs room. */
export const fullFs = (at: number): FileSystem & { readonly met: () => boolean } => {
  const needRoom = new Set(['handle.writeFile', 'handle.sync', 'link', 'mkdir', 'open', 'rename', 'symlink'])
  let count = 0
  const fs = watchedFs(async (change, partly) => {
    if (!needRoom.has(change)) return
    if (++count < at) return
    await partly()
    throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  })
  return Object.assign(Object.create(fs), { met: () => count >= at })
}
