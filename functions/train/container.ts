/** What the training container does around the training process: fetch, tell, keep checkpoints and the log, hand in. */
import type { JobPhase } from '@maas/core/contract'
import { messageOf } from '@maas/core/errors'
import type { LogWriter } from '@maas/core/jobs'
import {
  checkpointUploader,
  fetchJob,
  isComplete,
  reportPhase,
  type Transfer,
  uploadCandidate,
  uploadFailure,
} from './transfer.ts'

/** Exit code of a container that was told to end, as shells have it for SIGTERM. */
export const stoppedCode = 143

/** A Spot reclaim gives two minutes: a checkpoint that is uploaded as often is never much older. */
const CHECKPOINT_MS = 15_000
/** At first somebody watches; a job of a day would write too many pieces at that pace. */
const LOG_MS = { first: 1000, last: 10_000 } as const

export interface ContainerDeps {
  readonly transfer: Transfer
  readonly attempt: number
  readonly log: LogWriter
  /** Runs the training process to its end; resolves with its exit code. The signal asks it to end by a checkpoint. */
  readonly train: (signal: AbortSignal) => Promise<number>
  /** Aborted by SIGTERM. */
  readonly signal: AbortSignal
  /** Milliseconds since 1970. */
  readonly clock: () => number
  /** For whoever reads the container's own output. */
  readonly complain: (text: string) => void
}

/** Repeats `work` until stopped, with `pause` milliseconds in between; failures are complained about and tried again. */
const repeatedly = (work: () => Promise<void>, pause: () => number, complain: (error: unknown) => void) => {
  let [stopped, timer]: [boolean, NodeJS.Timeout | undefined] = [false, undefined]
  let running = Promise.resolve()
  const plan = (): void => {
    timer = setTimeout(() => {
      running = work().catch(complain)
      void running.then(() => (stopped ? undefined : plan()))
    }, pause())
  }
  plan()
  return async (): Promise<void> => {
    stopped = true
    clearTimeout(timer)
    await running
  }
}

/** The container's exit code: 0 only when the candidate lies whole in the store. */
export const runContainer = async (deps: ContainerDeps): Promise<number> => {
  const { transfer, log, signal, clock, complain } = deps
  const began = clock()
  const pace = () => Math.min(LOG_MS.last, LOG_MS.first + (clock() - began) / 60)
  const notKept = (what: string) => (error: unknown) => complain(`${what} not kept: ${messageOf(error)}`)
  const stopLog = repeatedly(() => log.flush(), pace, notKept('log'))
  // Nothing is lost when nobody hears of a phase, so a store that fails here does not fail the job.
  const tell = (phase: JobPhase) => reportPhase(transfer, deps.attempt, phase).catch(notKept(phase))
  const interrupted = (): void => void tell('Interrupted')
  signal.addEventListener('abort', interrupted)
  try {
    return await work(deps, tell)
  } catch (error) {
    const message = messageOf(error)
    log.line(JSON.stringify({ event: 'failure', at: new Date(clock()).toISOString(), message }))
    complain(message)
    await uploadFailure(transfer, message).catch(notKept('reason'))
    return 1
  } finally {
    signal.removeEventListener('abort', interrupted)
    await stopLog()
    await log.flush().catch(notKept('log'))
  }
}

const work = async (
  { transfer, train, signal, complain }: ContainerDeps,
  tell: (phase: JobPhase) => Promise<void>,
): Promise<number> => {
  if (await isComplete(transfer)) return 0
  await tell('Downloading')
  const checkpoints = await fetchJob(transfer)
  if (signal.aborted) return stoppedCode
  const upload = checkpointUploader(transfer, checkpoints)
  const stopUploading = repeatedly(
    upload,
    () => CHECKPOINT_MS,
    (error) => complain(`checkpoint not kept: ${messageOf(error)}`),
  )
  await tell('Training')
  const code = await train(signal).finally(stopUploading)
  if (code === 0) {
    await tell('Uploading')
    await uploadCandidate(transfer)
    return 0
  }
  await upload()
  if (!signal.aborted) await uploadFailure(transfer, `the training process ended with code ${code}`)
  return code
}
