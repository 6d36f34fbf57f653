/** Finds built kernels for this process. */
import { searchKernels } from '@maas/tfjs-node'
import { KernelError, messageOf } from '../errors.ts'

/** The folder and manifest, or why there is none; a wrong `MAAS_KERNELS` is an error, since somebody asked for it. */
export const findNative = (env: NodeJS.ProcessEnv): ReturnType<typeof searchKernels> =>
  searchKernels({ env }).catch((cause: unknown) => {
    throw new KernelError(messageOf(cause), { cause })
  })

export { nativeId } from '../contract/index.ts'
