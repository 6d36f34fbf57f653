// Registers tfjs-node's kernels and backend on the tfjs instance that the factory was given.
import { constants } from 'node:os'
import { dirname, join } from 'node:path'
import { registerBackend } from '@tensorflow/tfjs'
import { NodeJSKernelBackend } from '@tensorflow/tfjs-node/src/nodejs_kernel_backend.ts'
import '@tensorflow/tfjs-node/src/register_all_kernels.ts'

/** @param {string} addonPath absolute path of tfjs_binding.node, which has quiet.node beside it */
export function register(addonPath) {
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen
  process.dlopen({ exports: {} }, join(dirname(addonPath), 'quiet.node'), RTLD_NOW | RTLD_GLOBAL)
  const binding = require(addonPath)
  const backend = new NodeJSKernelBackend(binding, '@tensorflow/tfjs-node')
  registerBackend('tensorflow', () => backend, 3)
  return { binding, backend }
}
