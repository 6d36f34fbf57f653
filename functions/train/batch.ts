/** Entry of the training container on Batch: brings the job's folder from the store, runs the training process, takes back what it left, and ends with its exit code. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { messageOf } from '@maas/core/errors'
import { openStore } from '@maas/core/store'
import { readBatchEnvironment } from './environment.ts'
import { layoutOf } from './layout.ts'
import { checkpointUploader, fetchJob, type Transfer, uploadCandidate, uploadFailure } from './transfer.ts'

/** A Spot reclaim gives two minutes: a checkpoint that is uploaded as often is never much older. */
const CHECKPOINT_MS = 15_000

const environment = readBatchEnvironment(process.env)
const transfer: Transfer = {
  job: environment.jobName,
  storeUri: environment.store,
  store: await openStore(environment.store),
  layout: layoutOf(environment.baseDir),
}
let stopped = false
let stopChild = (): void => {}
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    stopped = true
    stopChild()
  })
}

/** The training process's exit code; its output is this one's. */
const train = async (): Promise<number> => {
  const child = spawn(process.execPath, [fileURLToPath(new URL('./main.mjs', import.meta.url)), 'train'], {
    env: { ...process.env, SAGEMAKER_BASE_DIR: environment.baseDir },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  stopChild = () => void child.kill('SIGTERM')
  if (stopped) stopChild()
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? 1))
  })
}

const run = async (): Promise<number> => {
  await fetchJob(transfer)
  const upload = checkpointUploader(transfer)
  let uploading = Promise.resolve()
  const timer = setInterval(() => {
    uploading = uploading
      .then(upload)
      .catch((error: unknown) => console.error(`checkpoint not kept: ${messageOf(error)}`))
  }, CHECKPOINT_MS)
  const code = await train()
  clearInterval(timer)
  await uploading
  if (code === 0) await uploadCandidate(transfer)
  else {
    await upload()
    if (!stopped) await uploadFailure(transfer, `the training process ended with code ${code}`)
  }
  return code
}

process.exit(
  await run().catch(async (error: unknown) => {
    console.error(error)
    await uploadFailure(transfer, messageOf(error)).catch((cause: unknown) => console.error(messageOf(cause)))
    return 1
  }),
)
