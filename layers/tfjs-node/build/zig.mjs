// Fetches the zig compiler from PyPI into the cache: for machines with no C++ compiler, and for building for another architecture.
// @ts-check
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { zigCompiler } from './compile.mjs'
import { extractWheel } from './extract.mjs'
import { fetchWheel } from './fetch.mjs'
import { stage } from './stage.mjs'
import { chooseTarget, readPins } from './target.mjs'

/**
 * @param {object} options
 * @param {string} options.root the kernels' cache folder
 * @param {import('./run.mjs').Run} options.run
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal | undefined} options.signal
 * @param {(fraction: number) => void} options.onFraction
 */
export async function installZig({ root, run, env, signal, onFraction }) {
  const pin = readPins().ziglang
  const wheel = pin.wheels[chooseTarget().name]
  const name = `zig-${pin.version}-${wheel.sha256.slice(0, 12)}`
  const { directory } = await stage({ root, name, signal }, async (temporary) => {
    const scratch = join(temporary, 'scratch')
    await mkdir(scratch)
    const half = (/** @type {number} */ fraction) => onFraction(fraction / 2)
    const file = await fetchWheel({
      wheel,
      version: pin.version,
      directory: scratch,
      run,
      env,
      signal,
      onFraction: half,
    })
    await extractWheel({
      wheel: file,
      directory: temporary,
      signal,
      wanted: (entry) => (entry.startsWith('ziglang/') ? entry.slice('ziglang/'.length) : undefined),
      onFraction: (fraction) => onFraction(0.5 + fraction / 2),
    })
    await rm(scratch, { recursive: true })
  })
  const zig = join(directory, 'zig')
  return {
    version: `zig ${pin.version}`,
    compilerFor: (/** @type {import('./target.mjs').Target} */ target) => zigCompiler(zig, pin.version, target),
  }
}
