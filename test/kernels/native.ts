/** Native kernels for a test, or the reason to skip it. */
import type { TestContext } from 'vitest'
import { type Kernels, loadKernels, type NativeSurface } from '../../layers/core/kernels/index.ts'

export type NativeKernels = Kernels & { readonly native: NativeSurface }

/** Skips the test, saying why, where the kernels are not built. */
export async function nativeKernels(context: TestContext): Promise<NativeKernels> {
  const kernels = await loadKernels({ announce: () => undefined })
  const { native } = kernels
  if (native === undefined) return context.skip('native kernels are not built here: npm run build:kernels')
  return { ...kernels, native }
}
