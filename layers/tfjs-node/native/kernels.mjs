// Registers tfjs-node's kernels and backend on the tfjs instance that the factory was given.
import { registerBackend } from '@tensorflow/tfjs'
import { NodeJSKernelBackend } from '@tensorflow/tfjs-node/src/nodejs_kernel_backend.ts'
import '@tensorflow/tfjs-node/src/register_all_kernels.ts'

/** @param {string} addonPath absolute path of tfjs_binding.node */
export function register(addonPath) {
  const binding = require(addonPath)
  const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node')
  registerBackend('tensorflow', () => backend, 3)
  return { binding, backend }
}
