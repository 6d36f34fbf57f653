/** A training job in the container on Batch, and in a job's process on one machine: signals, the training process, the exit code. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { LambdaClient } from '@aws-sdk/client-lambda'
import { messageOf } from '@maas/core/errors'
import { createLogWriter, type LogWriter } from '@maas/core/jobs'
import { openStore } from '@maas/core/store'
import { runContainer, stoppedCode } from './container.ts'
import { borrowedCredentials } from './credentials.ts'
import { readBatchEnvironment, tokenVariable } from './environment.ts'
import { layoutOf } from './layout.ts'

/** Beside this file under the extension it has itself: both are bundled, or neither. */
const beside = fileURLToPath(new URL(import.meta.url.endsWith('.ts') ? './main.ts' : './main.mjs', import.meta.url))

/** Lines go out as they come, and into the job's log. */
const copy = (from: Readable | null, to: NodeJS.WritableStream, log: LogWriter): void => {
  if (from === null) return
  createInterface({ input: from }).on('line', (text) => {
    to.write(`${text}\n`)
    log.line(text)
  })
}

const exitOf = (child: ChildProcess, log: LogWriter): Promise<number> =>
  new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) => {
      if (signal !== null) log.line(`the training process was ended by ${signal}`)
      resolve(code ?? 1)
    })
  })

const train = async (program: string, baseDir: string, log: LogWriter, signal: AbortSignal): Promise<number> => {
  const { [tokenVariable]: _, ...env } = process.env
  const child = spawn(process.execPath, [...process.execArgv, program, 'train'], {
    env: { ...env, SAGEMAKER_BASE_DIR: baseDir },
    // The channel tells the training process when this one dies.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  copy(child.stdout, process.stdout, log)
  copy(child.stderr, process.stderr, log)
  const end = (): void => void child.kill('SIGTERM')
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  return exitOf(child, log).finally(() => signal.removeEventListener('abort', end))
}

/** Resolves with the exit code. `program` is an absolute path. */
export const runTrainJob = async (program = beside): Promise<number> => {
  const environment = readBatchEnvironment(process.env)
  const { jobName: job, lender } = environment
  const credentials = lender && borrowedCredentials(new LambdaClient(), job, lender)
  const store = await openStore(environment.store, credentials && { s3: { credentials } })
  const log = createLogWriter(store, job, environment.attempt)

  const stopping = new AbortController()
  const stop = (): void => stopping.abort()
  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
  // On one machine the service holds an IPC channel open; when it dies, the job ends by its checkpoint and goes on with the next service.
  process.on('disconnect', stop)

  const code = await runContainer({
    transfer: {
      job,
      storeUri: environment.storeUri,
      store,
      layout: layoutOf(environment.baseDir),
    },
    attempt: environment.attempt,
    log,
    signal: stopping.signal,
    train: (signal) => train(program, environment.baseDir, log, signal),
    clock: () => Date.now(),
    complain: (text) => console.error(text),
  }).catch((error: unknown) => {
    console.error(messageOf(error))
    return 1
  })
  return stopping.signal.aborted && code !== 0 ? stoppedCode : code
}
