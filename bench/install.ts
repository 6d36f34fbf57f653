/** Installs the peers into the cache, once: the Python environment, the Node packages, and the model in every format. */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { isAbsolute, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from './run-program.ts'

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))

/** Interpreter of the pinned environment `keras`, which `test/tools` owns. @throws Unavailable */
export async function installPython(): Promise<string> {
  const printed = await run(process.execPath, [path('../test/tools/install.mjs'), 'keras'])
  return join(printed.trim(), 'bin', 'python')
}

/** A folder with the Node peers and the packages of their lockfile. @throws Unavailable */
export async function installNode(): Promise<string> {
  const source = path('peers/node')
  const directory = await once('node', [`${source}/package.json`, `${source}/package-lock.json`], async (into) => {
    for (const name of ['package.json', 'package-lock.json']) cpSync(join(source, name), join(into, name))
    await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], into)
  })
  // Beside their packages, or the peers would not find them.
  for (const name of readdirSync(source)) if (name.endsWith('.mjs')) cpSync(join(source, name), join(directory, name))
  return directory
}

/** A folder with the model and the inputs. @throws Unavailable */
export async function makeFixtures(python: string): Promise<string> {
  const scripts = ['export', 'export-nets'].map((name) => path(`peers/python/${name}.py`))
  const decisive = [...scripts, path('peers/python/nets.py'), path('../test/tools/requirements-keras.txt')]
  return once('model', decisive, async (into) => {
    for (const script of scripts) await run(python, [script, into])
  })
}

/** Makes a folder in the cache unless it is there; it appears whole, under the hash of the files that decide its content. */
async function once(name: string, decisive: string[], make: (into: string) => Promise<void>): Promise<string> {
  const hash = createHash('sha256').update(`${process.platform}-${process.arch}`)
  for (const file of decisive) hash.update('\0').update(readFileSync(file))
  const directory = join(cacheDirectory(), `${name}-${hash.digest('hex').slice(0, 20)}`)
  if (existsSync(directory)) return directory
  mkdirSync(cacheDirectory(), { recursive: true })
  const unfinished = mkdtempSync(`${directory}.`)
  try {
    await make(unfinished)
    renameSync(unfinished, directory)
  } catch (error) {
    // Another bench was first: its folder is as good.
    if (!existsSync(directory)) throw error
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
  return directory
}

function cacheDirectory(): string {
  const stated = process.env.XDG_CACHE_HOME
  return join(stated !== undefined && isAbsolute(stated) ? stated : join(homedir(), '.cache'), 'maas', 'bench')
}
