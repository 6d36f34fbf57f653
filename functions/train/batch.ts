/** Entry of the container on Batch, and of a training job's process on one machine: `train`, or `transform`. */
import { argv } from 'node:process'

const run =
  argv[2] === 'transform'
    ? (await import('./transform-job.ts')).runTransformJob
    : (await import('./train-job.ts')).runTrainJob
process.exit(await run())
