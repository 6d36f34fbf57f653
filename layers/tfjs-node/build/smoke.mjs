// Runs the built tree in a process of its own, so that a crash of native code becomes a message.
// @ts-check
import { fileURLToPath } from 'node:url'
import { isHost } from './compile.mjs'
import { KernelsError } from './errors.mjs'

const script = fileURLToPath(new URL('../native/smoke.cjs', import.meta.url))

/**
 * @param {object} options
 * @param {import('./target.mjs').Target} options.target
 * @param {string} options.directory
 * @param {import('./run.mjs').Run} options.run
 * @param {NodeJS.ProcessEnv} options.env
 * @param {AbortSignal | undefined} options.signal
 * @returns {Promise<'ran' | 'skipped'>} skipped when this machine cannot run the target's code
 */
export async function smokeRun({ target, directory, run, env, signal }) {
  if (!isHost(target)) return 'skipped'
  const ran = await run(process.execPath, [script, directory], {
    env,
    signal,
  })
  if (ran.status === 0) return 'ran'
  const advice =
    ran.signal === 'SIGILL'
      ? 'This processor lacks AVX, which TensorFlow needs. Use the WASM backend here.'
      : `It said: ${firstError(ran.output) ?? ran.signal ?? `exit code ${ran.status}`}`
  throw new KernelsError('smoke', `The kernels were built but failed their first run. ${advice}`)
}

/** @param {string} output */
function firstError(output) {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  return lines.find((line) => /error|instead of/i.test(line)) ?? lines[0]
}
