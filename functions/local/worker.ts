/** Entry of a model's process: loads the kernels at once, one version when told, and answers until the service lets go of it. */
import { NotReadyError } from '@maas/core/errors'
import { lazyKernels } from '@maas/core/kernels/sessions'
import { loadPredictor, type Predictor } from '@maas/core/predict'
import { createRegistry } from '@maas/core/registry'
import { createFileStore } from '@maas/core/store'
import { type Command, listenToService, sendToService, toFailure } from './channel.ts'

const announce = (text: string): void => sendToService({ type: 'notice', text })
const kernels = lazyKernels({ announce })
let predictor: Predictor | undefined

/** Rows of waiting requests that share a run; more would only make all of them wait longer. */
const batchRows = 64

const answer = async (command: Command) => {
  if (command.type === 'load') {
    const registry = createRegistry(createFileStore(command.root))
    const manifest = await registry.manifest(command.name, command.version)
    predictor = await loadPredictor(registry, manifest, kernels, {
      ...{ announce, batchRows },
      threads: command.threads,
    })
    return predictor.model
  }
  if (predictor === undefined) throw new NotReadyError('No model is loaded in this process yet.')
  const { outputs, timings } = await predictor.predict(command.input)
  return { outputs, timings }
}

listenToService(({ id, ...command }) => {
  answer(command as Command).then(
    (value) => sendToService({ type: 'answer', id, value }),
    (error: unknown) => sendToService({ type: 'failure', id, failure: toFailure(error) }),
  )
})

/** Without native kernels nothing can be had before the model is known but the fallback, and the sentence about it. */
const warm = async (): Promise<unknown> => (await kernels.sessions()) ?? kernels.whole()

// Nothing is kept here that would need saving: without a service there is nobody to answer.
process.on('disconnect', () => process.exit(0))
warm().then(
  () => (process.connected ? sendToService({ type: 'ready' }) : process.exit(0)),
  (error: unknown) => {
    process.stderr.write(`${toFailure(error).message}\n`)
    process.exit(1)
  },
)
