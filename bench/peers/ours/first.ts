/** Ours: a fresh process that loads the model, answers once and says so. */
import { say } from '../node/protocol.mjs'
import { benchKernels, versionsOf } from './model.ts'
import { loadCall } from './predictor.ts'

const kernels = await benchKernels()
const call = await loadCall(process.argv[2] ?? '', kernels)
say({ ready: versionsOf(kernels), outputs: [...(await call(1))] })
process.exit(0)
