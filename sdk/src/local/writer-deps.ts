/** What writing a model needs of core besides its formats, loaded when a format asks for it. */
import type { WriterDeps } from '@maas/core/formats'
import type { LocalOptions } from '../types.ts'

export const writerDeps = (prefer?: LocalOptions['kernels']): WriterDeps => ({
  kernels: async () => (await import('@maas/core/kernels')).loadKernels({ prefer }),
  compile: async (...given) => (await import('@maas/core/graph')).compileInference(...given),
})
