/** Entry of a model's process: loads the kernels at once, one version when told, and answers until the service lets go of it. */
import { NotReadyError } from '@maas/core/errors'
import { lazyKernels } from '@maas/core/kernels/sessions'
import { loadPredictor, type Predictor } from '@maas/core/predict'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { answered } from './answered.ts'
import {
  type Command,
  channelDescriptor,
  type FromWorker,
  openDescriptor,
  type ToWorker,
  toFailure,
} from './channel.ts'
import { collectGrowth } from './garbage.ts'

const { stream, channel } = openDescriptor<FromWorker, ToWorker>(channelDescriptor, (message) => respond(message))
const announce = (text: string): void => void channel.send({ type: 'notice', text })
const kernels = lazyKernels({ announce })
let predictor: Predictor | undefined

/** Rows of waiting requests that share a run; more would only make all of them wait longer. */
const batchRows = 64

const answer = async (command: Command) => {
  if (command.type === 'load') {
    const registry = createRegistry(createFileStore(command.root))
    const manifest = await registry.manifest(command.name, command.version)
    predictor = await loadPredictor(registry, manifest, kernels, {
      announce,
      batchRows,
      threads: command.threads,
    })
    return predictor.model
  }
  if (predictor === undefined) throw new NotReadyError('No model is loaded in this process yet.')
  const { outputs, timings } = await predictor.predict(command.input)
  if (answered.hasSubscribers) answered.publish(undefined)
  return { outputs, timings }
}

const respond = (command: ToWorker): void => {
  const { id } = command
  answer(command).then(
    (value) => channel.send({ type: 'answer', id, value }),
    (error: unknown) => channel.send({ type: 'failure', id, failure: toFailure(error) }),
  )
}

/**
 * Native kernels load on a thread of their own while the model's files are read. Without them nothing can be had before
 * the model is known but the fallback, and the sentence about it.
 */
const warm = async (): Promise<unknown> => (await kernels.id()) ?? kernels.whole()

collectGrowth()
// Nothing is kept here that would need saving: without a service there is nobody to answer.
stream.on('error', () => process.exit(0))
stream.on('close', () => process.exit(0))
warm().then(
  () => channel.send({ type: 'ready' }),
  (error: unknown) => {
    process.stderr.write(`${toFailure(error).message}\n`)
    process.exit(1)
  },
)
