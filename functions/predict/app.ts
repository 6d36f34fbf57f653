/** The data plane over HTTP: TensorFlow Serving's URLs and bodies, and images as request bodies. */
import {
  classifyRequestSchema,
  type ModelReference,
  type PathParameters,
  type PredictOperation,
  predictRequestSchema,
} from '@maas/core/contract'
import { type AppOptions, type Call, createApp, type Handler, type Handlers, type Reply } from '@maas/core/http'
import {
  decodePredict,
  decodeRows,
  encodePredictions,
  type Form,
  type ModelHost,
  type PredictInput,
  type Prediction,
  rank,
  type ServedModel,
} from '@maas/core/predict'
import type { Predictions } from '@maas/core/predictions'
import { metadataOf, statusBody } from './describe.ts'
import { deferrable, predictionHandlers } from './predictions.ts'

export interface PredictDependencies extends AppOptions {
  readonly host: ModelHost
  /** Where answers can come later. @default they cannot */
  readonly predictions?: Predictions
}

type HandlerDependencies = Pick<PredictDependencies, 'host' | 'limits' | 'clock' | 'predictions'>

/** The app of this function alone, as the predict Lambda runs it. */
export const createPredictApp = (dependencies: PredictDependencies) =>
  createApp(predictHandlers(dependencies), dependencies)

export const predictHandlers = ({ predictions, ...dependencies }: HandlerDependencies): Handlers => {
  const now = answerHandlers(dependencies)
  const later = (handler: Handler) => deferrable(handler, predictions, ({ params }) => toReference(params))
  return {
    ...now,
    ...{ predict: later(now.predict), classify: later(now.classify) },
    ...(predictions && predictionHandlers(predictions)),
  }
}

/** Everything answered at once. */
const answerHandlers = ({
  host,
  limits,
  clock,
}: Omit<HandlerDependencies, 'predictions'>): Record<PredictOperation, Handler> => ({
  health: () => ({
    json: { status: 'ok', loaded: host.loaded().map(({ name, version }) => `${name}:${version}`) },
  }),
  modelStatus: async ({ params }) => ({ json: statusBody(await host.versions(toReference(params))) }),
  modelMetadata: async ({ params }) => ({ json: metadataOf(await host.describe(toReference(params))) }),

  predict: async (call) => {
    const reference = toReference(call.params)
    const image = await imageBody(call)
    if (image !== undefined) return predicted(await host.predict(reference, image, { signal: call.signal }), 'row')
    const request = await call.json(predictRequestSchema)
    const asked = clock()
    const model = await host.describe(reference)
    const load = clock() - asked
    const { form, input } = decodePredict(request, model, limits.batchRows)
    return predicted(await host.predict(exactly(model), input, { signal: call.signal }), form, load)
  },

  classify: async (call) => {
    const reference = toReference(call.params)
    const image = await imageBody(call)
    if (image !== undefined) return classified(await host.predict(reference, image, { signal: call.signal }))
    const { examples, context } = await call.json(classifyRequestSchema)
    const asked = clock()
    const model = await host.describe(reference)
    const load = clock() - asked
    const whole = context === undefined ? examples : examples.map((example) => withContext(example, context))
    const input = decodeRows(whole, model, limits.batchRows, 'examples')
    return classified(await host.predict(exactly(model), input, { signal: call.signal }), load)
  },
})

/** The version whose signature the input was checked against: an alias may move, or be split, between two questions. */
const exactly = ({ name, version }: ServedModel): ModelReference => ({ name, version })

const predicted = (prediction: Prediction, form: Form, load?: number): Reply =>
  answer(encodePredictions(prediction.outputs, form), prediction, load)
const classified = (prediction: Prediction, load?: number): Reply =>
  answer({ results: rank(prediction) }, prediction, load)

/** One image as the whole body; undefined when the body is JSON. */
const imageBody = async (call: Call): Promise<PredictInput | undefined> =>
  call.contentType() === 'application/json' ? undefined : { kind: 'images', images: [await call.bytes()] }

export const toReference = ({ model = '', version, label }: PathParameters): ModelReference => ({
  name: model,
  ...(version !== undefined && { version }),
  ...(label !== undefined && label !== 'latest' && { alias: label }),
})

const withContext = (example: unknown, context: Readonly<Record<string, unknown>>): unknown =>
  typeof example === 'object' && example !== null ? { ...context, ...example } : example

/**
 * Which version answered, and where the time went, in headers: bodies stay as TensorFlow Serving has them.
 * `load` is how long the question about the model took, which is where a cold model is loaded.
 */
const answer = (json: unknown, { model, timings }: Prediction, load = timings.load ?? 0): Reply => ({
  json,
  headers: {
    'x-maas-model-version': String(model.version),
    'server-timing': Object.entries({ load, prepare: timings.prepare, run: timings.run })
      .map(([stage, ms]) => `${stage};dur=${ms.toFixed(3)}`)
      .join(', '),
  },
})
