// Finds native kernels and builds them; the package's whole public surface.
// @ts-check
export { kernelCacheDirectory } from './build/cache.mjs'
export { KernelsError, UsageError } from './build/errors.mjs'
export { locateKernels, searchKernels } from './locate.mjs'
export { describeMachine } from './probe.mjs'

/**
 * Builds the kernels into the cache unless they are there. The build's own dependencies are loaded only now.
 *
 * @param {import('./build/kernels.mjs').BuildOptions} [options]
 * @returns {Promise<import('./build/kernels.mjs').Built>}
 */
export async function buildKernels(options) {
  const build = await import(new URL('./build/kernels.mjs', import.meta.url).href)
  return build.buildKernels(options)
}

/**
 * A progress bar for `buildKernels({ onProgress })`; call `stop` when it is over, in either way.
 *
 * @param {NodeJS.WriteStream} [stream] default: standard error
 * @returns {Promise<import('./build/progress.mjs').Shown>}
 */
export async function showBuildProgress(stream) {
  const progress = await import(new URL('./build/progress.mjs', import.meta.url).href)
  return progress.showProgress(stream)
}
