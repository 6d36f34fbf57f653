/** Builds the native kernels when they are missing, with a bar; where they cannot be built, says so and goes on with WASM. */
import type { Output } from './output.ts'

export const ensureKernels = async (output: Output): Promise<void> => {
  const { BuildError, buildKernels, showBuildProgress } = await import('@maas/core/kernels')
  const progress = output.json ? undefined : await showBuildProgress()
  try {
    const built = await buildKernels({ onProgress: progress?.onProgress })
    progress?.stop()
    output.data({ event: 'kernels', directory: built.directory, made: built.made, seconds: built.seconds })
    output.line(
      `kernels TensorFlow ${built.manifest.tensorflow} for ${built.manifest.platform}-${built.manifest.arch}${built.made ? '' : ', from the cache'}`,
    )
  } catch (error) {
    progress?.stop()
    if (!(error instanceof BuildError)) throw error
    output.note(`Native kernels could not be built: ${error.message}`)
  }
}
