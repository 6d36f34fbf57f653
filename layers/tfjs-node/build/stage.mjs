// Makes a folder whole or not at all: built in a temporary one beside it, then renamed into place.
// @ts-check
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, rename, rm, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemCode } from './errors.mjs'

const marker = '.making'
const abandonedAfter = 6 * 60 * 60 * 1000

/**
 * Two processes that make the same folder: the later one waits for the earlier. Should both start at the
 * same moment, both build and the first rename wins; the other throws its copy away and uses the winner's.
 *
 * @param {object} options
 * @param {string} options.root
 * @param {string} options.name the folder's final name
 * @param {boolean} [options.replace] make it although it exists
 * @param {AbortSignal | undefined} [options.signal]
 * @param {(pid: number) => void} [options.onWait]
 * @param {(directory: string) => Promise<void>} make fills the empty folder
 * @returns {Promise<{ directory: string, made: boolean }>}
 */
export async function stage({ root, name, replace = false, signal, onWait }, make) {
  const directory = join(root, name)
  await mkdir(root, { recursive: true })
  await sweep(root)
  if (!replace) {
    for (let told = false; !existsSync(directory); told = true) {
      const pid = await otherMaker(root, name)
      if (pid === undefined) break
      if (!told) onWait?.(pid)
      await sleep(500, undefined, { ...(signal ? { signal } : {}) })
    }
    if (existsSync(directory)) return { directory, made: false }
  }
  const temporary = join(root, [marker, name, hostname(), process.pid, randomBytes(4).toString('hex')].join('~'))
  await mkdir(temporary)
  try {
    await make(temporary)
    if (replace) await rename(directory, `${temporary}~old`).catch(() => undefined)
    await rename(temporary, directory)
    return { directory, made: true }
  } catch (error) {
    if (['EEXIST', 'ENOTEMPTY'].includes(systemCode(error) ?? '') && existsSync(directory)) {
      return { directory, made: false }
    }
    throw error
  } finally {
    await rm(temporary, { recursive: true, force: true })
    await rm(`${temporary}~old`, { recursive: true, force: true })
  }
}

/**
 * Deletes what killed builds left behind; builds of other hosts that share the folder only once they are old.
 *
 * @param {string} root
 */
async function sweep(root) {
  for (const found of await makers(root)) {
    if (!found.alive) await rm(join(root, found.entry), { recursive: true, force: true })
  }
}

/**
 * @param {string} root
 * @param {string} name
 * @returns {Promise<number | undefined>} process id of a build of the same folder under way
 */
async function otherMaker(root, name) {
  return (await makers(root)).find((each) => each.name === name && each.alive)?.pid
}

/** @param {string} root */
async function makers(root) {
  const entries = (await readdir(root)).filter((entry) => entry.startsWith(`${marker}~`))
  return Promise.all(
    entries.map(async (entry) => {
      const [, name, host, pid] = entry.split('~')
      const changed = (await stat(join(root, entry)).catch(() => undefined))?.mtimeMs ?? Date.now()
      const old = Date.now() - changed > abandonedAfter
      const running = host !== hostname() || isRunning(Number(pid))
      return { entry, name, pid: Number(pid), alive: running && !old }
    }),
  )
}

/** @param {number} pid */
function isRunning(pid) {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return systemCode(error) === 'EPERM'
  }
}
