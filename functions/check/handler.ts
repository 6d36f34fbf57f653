/** Entry of the check Lambda: SQS brings events of the bucket; each model is read by a process of its own. */
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'
import { KernelError } from '@maas/core/errors'
import { findNative, nativeId } from '@maas/core/kernels/find'
import { createRegistry } from '@maas/core/registry'
import { openStore } from '@maas/core/store'
import { createTelemetry, observed } from '@maas/core/telemetry'
import type { SQSBatchResponse, SQSEvent } from 'aws-lambda'
import { readEnvironment } from './environment.ts'
import { takeMessages } from './messages.ts'
import { childRunner } from './run.ts'

/** What this process itself needs of the function's memory. */
const reserved = 400 * 1024 ** 2
/** Below the function's own limit, so that the verdict can still be written. */
const milliseconds = 600_000

const { bucket, memory, store: uri } = readEnvironment(process.env)
const telemetry = createTelemetry('check')
const store = await openStore(uri)
// Unpacks the layer, while Lambda gives the start of a process its full CPU.
const { found, reason } = await findNative(process.env)
if (found === undefined) throw new KernelError(`The kernels layer is missing: ${reason}`)
const { directory, manifest } = found

const deps = {
  store,
  bucket,
  registry: createRegistry(store),
  now: () => new Date(),
  temporary: tmpdir(),
  kernels: nativeId(manifest.tensorflow, manifest.arch),
  run: childRunner({
    entry: fileURLToPath(new URL('./vet.mjs', import.meta.url)),
    kernels: directory,
    limits: { milliseconds, memory: memory - reserved },
  }).run,
  log: (level: 'info' | 'error', message: string, fields: Record<string, unknown>) =>
    telemetry.logger[level](message, fields),
}

export const handler = observed(telemetry, (event: SQSEvent): Promise<SQSBatchResponse> => takeMessages(event, deps))
