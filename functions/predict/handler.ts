/** Entry of the predict Lambda: kernels are loaded with the process, models with the first request for them. */
import { randomUUID } from 'node:crypto'
import { limits } from '@maas/core/contract'
import { createLambdaLog, lambdaHandler } from '@maas/core/http/lambda'
import { lazyKernels } from '@maas/core/kernels/sessions'
import { createInProcessHost } from '@maas/core/predict'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import { createPredictApp } from './app.ts'
import { readEnvironment } from './environment.ts'

const environment = readEnvironment(process.env)
const { log, ...telemetry } = createLambdaLog('predict')
const kernels = lazyKernels({ prefer: 'native' })
// Lambda gives the start of a process its full CPU, so it waits here; a failure is reported by requests for models.
await kernels
  .sessions()
  .catch((error: unknown) => telemetry.logger.error('kernels', error instanceof Error ? error : String(error)))

const clock = () => performance.timeOrigin + performance.now()
const registry = createRegistry(await openStore(environment.store))
const host = createInProcessHost({
  registry,
  kernels,
  modelBytes: environment.modelBytes,
  clock,
  random: Math.random,
})

export const handler = lambdaHandler(
  createPredictApp({ host, models: registry.models, limits, log, clock, ids: randomUUID }),
  telemetry,
  environment.origins,
)
