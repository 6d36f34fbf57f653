/** A registered version loaded into this process, for commands that measure it. */
import { openLocalRegistry } from './target.ts'

/** The predictor of `name`, `name@alias` or `name:version`; dispose of it after use. */
export const loadVersion = async (reference: string, root: string) => {
  const [{ parseReference }, { lazyKernels, loadKernels }, { loadPredictor }] = await Promise.all([
    import('@maas/core/contract'),
    import('@maas/core/kernels'),
    import('@maas/core/predict'),
  ])
  const parsed = parseReference(reference)
  const registry = await openLocalRegistry(root)
  const manifest = await registry.manifest(parsed.name, await registry.resolve(parsed))
  const kernels = await loadKernels()
  return { manifest, kernels, predictor: await loadPredictor(registry, manifest, lazyKernels()) }
}
