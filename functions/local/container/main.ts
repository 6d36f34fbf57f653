/** Entry of `serve`, the command that SageMaker and other hosts give the predict image. */
import { tmpdir } from 'node:os'
import { childRunner } from '@maas/check'
import { MaasError, messageOf } from '@maas/core/errors'
import type { Log } from '@maas/core/http'
import { findNative } from '@maas/core/kernels/find'
import { checkProgram, workerProgram } from '../process.ts'
import { untilSignal } from '../signals.ts'
import { readEnvironment } from './environment.ts'
import { startContainer } from './serve.ts'

const clock = () => performance.timeOrigin + performance.now()

/** Requests that went well are left out: a host pings every few seconds. */
const log: Log = (entry) => {
  if (entry.level === 'error' || entry.message !== 'request') process.stdout.write(`${JSON.stringify(entry)}\n`)
}
const say = (message: string) => log({ level: 'info', at: new Date(clock()).toISOString(), message })

const serve = async (): Promise<void> => {
  const environment = readEnvironment(process.env)
  const { found, reason } = await findNative(process.env)
  if (found === undefined) say(`Native kernels are missing (${reason}): WASM serves, several times slower.`)
  const { entry, args } = await checkProgram(say)
  const container = await startContainer({
    ...environment,
    temporary: tmpdir(),
    log,
    clock,
    worker: await workerProgram(say),
    run: childRunner({ entry, execArgv: args, kernels: found?.directory, limits: { milliseconds: 600_000 } }).run,
  })
  say(`Listening on port ${container.port}; the model is being loaded.`)
  const stopped = untilSignal()
  const failed = container.ready.then(
    () => new Promise<never>(() => {}),
    (error: unknown) => error,
  )
  void container.ready.then(() => say('Ready.'))
  const ended = await Promise.race([stopped, failed])
  await container.close()
  if (typeof ended !== 'string') throw ended
}

serve().then(
  () => process.exit(0),
  (error: unknown) => {
    // A person's mistake is a sentence, ours has a stack.
    process.stderr.write(`serve: ${messageOf(error)}\n`)
    if (!(error instanceof MaasError)) console.error(error)
    process.exit(1)
  },
)
