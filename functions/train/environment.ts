/** Reads this program's environment, once. */

export interface Environment {
  /** Folder with the container's `input`, `model`, `output` and `checkpoints`. */
  readonly baseDir: string
  /** Name of the job where no job document says it. */
  readonly jobName?: string
}

export const readEnvironment = (env: NodeJS.ProcessEnv): Environment => ({
  baseDir: env.SAGEMAKER_BASE_DIR || '/opt/ml',
  ...(env.TRAINING_JOB_NAME && { jobName: env.TRAINING_JOB_NAME }),
})
