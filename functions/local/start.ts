/** Starts a bundled program of `bundleOf`: TensorFlow begins to load, then the code is read, compiled by V8 once and kept so. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { Script } from 'node:vm'
import { preloadKernels } from '@maas/core/kernels/preload'

/** Milliseconds after which a program that stays has run what it usually runs. */
const settled = 3000

if (process.env.MAAS_PRELOAD) preloadKernels(process.env.MAAS_PRELOAD)
run(join(__dirname, 'program.cjs'))

/** Runs a CommonJS module as Node would, from the compiled code that an earlier run left beside it. */
function run(filename: string): void {
  const kept = filename.replace(/cjs$/, `${process.version}-${process.arch}.code`)
  const cachedData = readIfThere(kept)
  // ASCII only, as bundles are: one byte a character.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(filename, 'latin1')}\n})`
  const script = new Script(source, { filename, ...(cachedData && { cachedData }) })
  // Made after the program ran, so that it holds the functions that were needed.
  if (script.cachedDataRejected !== false) {
    const keep = () => write(kept, script.createCachedData())
    process.once('exit', keep)
    setTimeout(() => {
      process.off('exit', keep)
      keep()
    }, settled).unref()
  }
  const module = { exports: {} }
  script.runInThisContext()(module.exports, createRequire(filename), module, filename, dirname(filename))
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
