/** Finds built kernels for this process. */
import { searchKernels } from '@maas/tfjs-node'
import { KernelError, messageOf } from '../errors.ts'

/** The folder and manifest, or why there is none; a wrong `MAAS_KERNELS` is an error, since somebody asked for it. */
export const findNative = (env: NodeJS.ProcessEnv): ReturnType<typeof searchKernels> =>
  searchKernels({ env }).catch((cause: unknown) => {
    throw new KernelError(messageOf(cause), { cause })
  })

/** Names kernels in certificates and derived files, e.g. `tensorflow-2.21.0-x64`. */
export const nativeId = (tensorflow: string, arch: string): string => `tensorflow-${tensorflow}-${arch}`
