/** The fallback where native kernels are missing: tfjs's WASM backend, made able to train. */
import { createRequire } from 'node:module'
import { dirname, join, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import { KernelError } from '../errors.ts'
import { registerConv2DFilterGradient } from './conv2d-gradients.ts'
import type { TensorFlow } from './tf.ts'

/** Starts the backend and returns its version. */
export async function loadWasm(tf: TensorFlow): Promise<string> {
  const wasm = await import('@tensorflow/tfjs-backend-wasm')
  wasm.setWasmPaths(findWasmFolder() + sep)
  // Measured: two threads train slower than one (14.3 against 12.7 s), and workers would outlive the call.
  tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', false)
  const ready = await withoutItsExitHandlers(() => tf.setBackend('wasm'))
  if (!ready)
    throw new KernelError('The WASM backend does not start here. Build the native kernels: npm run build:kernels')
  registerConv2DFilterGradient(tf)
  return wasm.version_wasm
}

/** The package's `dist`, beside this file's dependencies or, in a bundle, below the working directory. */
function findWasmFolder(): string {
  const origins = [import.meta.url, pathToFileURL(join(process.cwd(), 'index.js')).href]
  for (const origin of origins) {
    try {
      return dirname(createRequire(origin).resolve('@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm'))
    } catch {}
  }
  throw new KernelError(
    'The files of @tensorflow/tfjs-backend-wasm are not installed. Run npm ci, or ship native kernels with the bundle.',
  )
}

/** Emscripten adds process-wide handlers that rethrow other people's rejected promises; take them off again. */
async function withoutItsExitHandlers<T>(start: () => Promise<T>): Promise<T> {
  const events = ['uncaughtException', 'unhandledRejection'] as const
  const before = events.map((event) => new Set(process.listeners(event as 'uncaughtException')))
  try {
    return await start()
  } finally {
    for (const [index, event] of events.entries()) {
      for (const listener of process.listeners(event as 'uncaughtException')) {
        if (before[index]?.has(listener) === false) process.off(event, listener)
      }
    }
  }
}
