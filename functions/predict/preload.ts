/** Imported before everything else: TensorFlow loads on a thread of its own while the rest of the function is being read. */
import { preloadKernels } from '@maas/core/kernels/preload'

/** Where the image has them, unless others are named. Whatever is wrong there is said by those who need them. */
preloadKernels(process.env.MAAS_KERNELS || '/opt/maas/kernels')
