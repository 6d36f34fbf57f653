/** Starts the program of a `compiledOf`: TensorFlow begins to load, then the code is read, compiled by V8 once and kept so. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { preloadKernels } from '@maas/core/kernels/preload'
import { answered } from './answered.ts'

if (process.env.MAAS_PRELOAD) preloadKernels(process.env.MAAS_PRELOAD)
run(join(__dirname, 'program.cjs'))

/** Runs a CommonJS module as Node would, from the compiled code that an earlier run left beside it. */
function run(filename: string): void {
  const kept = filename.replace(/cjs$/, `${process.version}-${process.arch}.code`)
  const cachedData = readIfThere(kept)
  // ASCII only, as bundles are: one byte a character.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) })
  if (script.cachedDataRejected !== false) keepOnce(() => write(kept, script.createCachedData()))
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename))
}

/** After its first answer, or at the end of a program that has none, so that it holds the functions that were needed. */
function keepOnce(keep: () => void): void {
  const now = (): void => {
    process.off('exit', now)
    answered.unsubscribe(later)
    keep()
  }
  const later = (): void => void setImmediate(now)
  process.once('exit', now)
  answered.subscribe(later)
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch {
    return undefined
  }
}

/** Whole or not at all; where it cannot be written, the next start compiles again. */
function write(path: string, bytes: Uint8Array): void {
  const unfinished = `${path}.${process.pid}`
  try {
    writeFileSync(unfinished, bytes)
    renameSync(unfinished, path)
  } catch {}
}
