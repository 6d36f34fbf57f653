/** Starts loading TensorFlow on a thread of its own, before anything that needs it has been read. Imports nothing of ours. */
import { constants } from 'node:os'
import { join } from 'node:path'

/** What quiet.node does beside keeping TensorFlow quiet. */
interface Quiet {
  /** The first call counts. */
  preload(path: string): void
  /** Waits for it. */
  settle(): void
}

/**
 * What must be before TensorFlow is loaded. On x64 it leaves oneDNN's convolutions to processors with AVX-512; with
 * AVX2 they take half the time too. And it prepares the gradients of convolutions anew in each step, to save memory: a
 * tenth of a small net's step. Somebody's own choice is kept.
 */
export const prepareTensorFlow = (directory: string): Quiet => {
  if (process.arch === 'x64') process.env.TF_ENABLE_ONEDNN_OPTS ??= '1'
  process.env.TF_MKL_OPTIMIZE_PRIMITIVE_MEMUSE ??= '0'
  const { RTLD_NOW, RTLD_GLOBAL } = constants.dlopen
  const quiet = { exports: {} as Quiet }
  process.dlopen(quiet, join(directory, 'quiet.node'), RTLD_NOW | RTLD_GLOBAL)
  return quiet.exports
}

/**
 * Loads the session addon of a folder of kernels, and TensorFlow with it, while JavaScript goes on. Whoever requires it
 * waits for what is left. What is wrong with the folder is for them to say.
 */
export const preloadKernels = (directory: string): void => {
  try {
    const quiet = prepareTensorFlow(directory)
    quiet.preload(join(directory, 'session.node'))
    // A process that ended meanwhile would take down what is still being built up.
    process.once('exit', () => quiet.settle())
  } catch {}
}
