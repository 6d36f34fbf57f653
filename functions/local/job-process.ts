/** The training container's own program as a child process of the service. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jobPrograms } from './job-programs.ts'
import { workerEnvironment } from './process.ts'

export interface JobProcessOptions {
  readonly job: string
  readonly attempt: number
  /** Folder of the object store. */
  readonly root: string
  /** How documents name the store. */
  readonly storeUri: string
}

export interface JobProcess {
  readonly pid: number
  /** Exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>
  /** SIGTERM: a checkpoint, then the end. */
  stop(): void
}

/** `notice` receives what a person should read once, such as a fallback. Its folder, which stands for /opt/ml, is gone when it has ended: all that counts is in the store. */
export const startJobProcess = async (
  { job, attempt, root, storeUri }: JobProcessOptions,
  notice: (text: string) => void,
): Promise<JobProcess> => {
  const { execArgv, entries } = await jobPrograms(['batch', 'main'], notice)
  const directory = await mkdtemp(join(tmpdir(), 'maas-job-'))
  const child = spawn(process.execPath, [...execArgv, entries.batch, 'train', entries.main], {
    env: {
      ...workerEnvironment(),
      TRAINING_JOB_NAME: job,
      AWS_BATCH_JOB_ATTEMPT: String(attempt),
      MAAS_STORE: root,
      MAAS_STORE_URI: storeUri,
      SAGEMAKER_BASE_DIR: directory,
    },
    // Its output goes to the job's log, which it writes itself; the channel tells it when this process dies.
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    // A group of its own: Ctrl-C reaches the service alone, which then ends it by a checkpoint.
    detached: true,
  })
  const ended = new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message))
    child.once('close', (code, signal) => resolve(signal ?? code ?? 1))
  }).finally(() => rm(directory, { recursive: true, force: true }).catch(() => undefined))
  return { pid: child.pid ?? -1, ended, stop: () => void child.kill('SIGTERM') }
}

/** Whether a process of an earlier service still runs. */
export const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
