/** The training container's process: reads the job, answers SIGTERM with a checkpoint, writes one JSON event a line, and tells the truth by its exit code. */
import { mkdir, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Report, TrainingEventBody } from '@maas/core/contract'
import { readDataSet } from '@maas/core/data'
import { MaasError, messageOf } from '@maas/core/errors'
import { loadKernels } from '@maas/core/kernels'
import { fileCheckpoints } from '@maas/core/train'
import { checkNoCandidate, writeCandidate } from './candidate.ts'
import { readEnvironment } from './environment.ts'
import { layoutOf } from './layout.ts'
import packageJson from './package.json' with { type: 'json' }
import { readSpec } from './spec.ts'
import { runTraining, StoppedError } from './task.ts'

/** A container is given this long between SIGTERM and SIGKILL; what is still running after it ends by itself. */
const GRACE_MS = 110_000
/** SageMaker shows this many characters of a failure. */
const FAILURE_CHARACTERS = 1024

const exitCodes = { trained: 0, failed: 1, stopped: 143 } as const

const environment = readEnvironment(process.env)
const layout = layoutOf(environment.baseDir)

const report: Report = (event) => {
  process.stdout.write(
    `${JSON.stringify({ ...event, at: new Date().toISOString() } satisfies TrainingEventBody & { at: string })}\n`,
  )
}

const stopping = new AbortController()
const stop = (): void => {
  if (stopping.signal.aborted) return
  stopping.abort()
  setTimeout(() => process.exit(exitCodes.stopped), GRACE_MS).unref()
}
process.on('SIGTERM', stop)
process.on('SIGINT', stop)
// The parent of a local job holds an IPC channel open; when it dies, nobody waits for the result any more.
process.on('disconnect', stop)

const run = async (): Promise<number> => {
  const spec = await readSpec(layout, environment.jobName)
  await checkNoCandidate(layout.model)
  const announce = (message: string): void => report({ event: 'notice', level: 'warning', code: 'kernels', message })
  const { candidate, end } = await runTraining(spec, {
    kernels: await loadKernels({ announce }),
    readData: readDataSet,
    checkpoints: fileCheckpoints(layout.checkpoints),
    report,
    now: () => performance.now(),
    signal: stopping.signal,
    code: `maas ${packageJson.version}`,
    date: () => new Date(),
  })
  await writeCandidate(candidate, layout.model)
  report(end)
  return exitCodes.trained
}

const fail = async (error: unknown): Promise<number> => {
  if (error instanceof StoppedError) {
    report(error.end)
    return exitCodes.stopped
  }
  if (error instanceof MaasError && error.code === 'canceled') {
    report({ event: 'end', reason: 'stopped', bestEpoch: 0, seconds: 0, metrics: {} })
    return exitCodes.stopped
  }
  const message = messageOf(error)
  report({ event: 'failure', message })
  if (!(error instanceof MaasError)) console.error(error)
  try {
    await mkdir(dirname(layout.failure), { recursive: true })
    await writeFile(layout.failure, message.slice(0, FAILURE_CHARACTERS))
  } catch (cause) {
    console.error(`${layout.failure} cannot be written: ${messageOf(cause)}`)
  }
  return exitCodes.failed
}

process.exit(await run().catch(fail))
