/**
 * Entry of the container on Batch, and of a training job's process on one machine: `train`, with the training process' own
 * program where that is not beside this one, or `transform`.
 */
import { argv } from 'node:process'

const run = async (): Promise<number> => {
  if (argv[2] === 'transform') return (await import('./transform-job.ts')).runTransformJob()
  return (await import('./train-job.ts')).runTrainJob(argv[3])
}
process.exit(await run())
