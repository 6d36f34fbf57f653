/** The data plane over HTTP: TensorFlow Serving's URLs and bodies, and images as request bodies. */
import { classifyRequestSchema, type PredictOperation, predictRequestSchema } from '@maas/core/contract'
import { InvalidInputError, MaasError, UnsupportedError } from '@maas/core/errors'
import { type AppOptions, type Call, createApp, type Handler, type Handlers, type Reply } from '@maas/core/http'
import {
  decodePredict,
  decodeRows,
  encodePredictions,
  type Form,
  type ModelHost,
  type PredictInput,
  type Prediction,
  plainStart,
  rank,
  regress,
  type ServedModel,
  type UploadedImages,
  withUploads,
} from '@maas/core/predict'
import type { Predictions } from '@maas/core/predictions'
import { metadataOf, statusBody } from './describe.ts'
import { imagesOf, uploadReader } from './images.ts'
import { type InferenceDeps, inferenceHandlers } from './inference.ts'
import { invocationHandler } from './invocations.ts'
import { deferrable, predictionHandlers } from './predictions.ts'
import { createRespond, type ToInput, toReference } from './respond.ts'
import { invokeHandler } from './sagemaker.ts'
import { createShadows, type Shadows } from './shadow.ts'
import { createStatistics, type Statistics } from './statistics.ts'

export { createShadows } from './shadow.ts'
export { createStatistics } from './statistics.ts'

export interface PredictDependencies extends AppOptions, Pick<InferenceDeps, 'models'> {
  readonly host: ModelHost
  /** Where answers can come later. @default they cannot */
  readonly predictions?: Predictions
  /** Images that callers send once and name later. @default none are kept */
  readonly uploads?: UploadedImages
  /** Shared by apps that answer for the same models. @default the app's own */
  readonly statistics?: Statistics
  /** Of the function, for the price of an answer. @default a function with one whole CPU */
  readonly megabytes?: number
  /** Whether a shadow is waited for: a Lambda stands still once it has answered. @default false */
  readonly waitsForShadows?: boolean
  /** Shared by apps that answer for the same models. @default the app's own */
  readonly shadows?: Shadows
}

type HandlerDependencies = Pick<
  PredictDependencies,
  | 'host'
  | 'limits'
  | 'clock'
  | 'models'
  | 'predictions'
  | 'uploads'
  | 'statistics'
  | 'megabytes'
  | 'waitsForShadows'
  | 'shadows'
>

/** The app of this function alone, as the predict Lambda runs it. */
export const createPredictApp = (dependencies: PredictDependencies) =>
  createApp(predictHandlers(dependencies), dependencies)

export const predictHandlers = ({
  predictions,
  ...dependencies
}: HandlerDependencies): Handlers & Readonly<Record<'invokeEndpoint', Handler>> => {
  const { now, invoke } = answerHandlers(dependencies)
  const later = (handler: Handler) => deferrable(handler, predictions, ({ params }) => toReference(params))
  return {
    ...now,
    predict: later(now.predict),
    classify: later(now.classify),
    regress: later(now.regress),
    infer: later(now.infer),
    invokeEndpoint: invokeHandler(invoke),
    ...(predictions && predictionHandlers(predictions)),
  }
}

/** Everything answered at once, and a prediction in SageMaker's words about whatever model the call names. */
const answerHandlers = ({
  host,
  limits,
  clock,
  models,
  statistics = createStatistics(clock),
  megabytes,
  waitsForShadows = false,
  shadows = createShadows(host),
  uploads,
}: Omit<HandlerDependencies, 'predictions'>): {
  readonly now: Record<PredictOperation, Handler>
  readonly invoke: Handler
} => {
  /** Undefined when the body is JSON. */
  const imageBody = (call: Call): Promise<PredictInput> | undefined => {
    const type = call.contentType()
    return type === 'application/json' ? undefined : imagesOf(call, type, limits.batchRows, uploadReader(call, uploads))
  }

  const respond = createRespond({
    host,
    clock,
    statistics,
    shadows,
    waitsForShadows,
    ...(megabytes !== undefined && { megabytes }),
  })

  /** Values of a body of JSON for a model of images, with the uploads that it names put in. */
  const filled = async <T>(call: Call, model: ServedModel, values: T, at: string): Promise<T> =>
    model.preprocess.kind === 'image' && Buffer.from(await call.bytes()).includes('"upload"')
      ? ((await withUploads(values, at, uploadReader(call, uploads))) as T)
      : values

  /** The body of `:classify` and `:regress`: an image, or feature objects with what they share. */
  const examplesOf = async (call: Call): Promise<ToInput> => {
    const image = imageBody(call)
    if (image !== undefined) return image
    const { examples, context } = await call.json(classifyRequestSchema)
    const whole = context === undefined ? examples : examples.map((example) => withContext(example, context))
    return async (model) =>
      decodeRows(await filled(call, model, whole, 'examples'), model, limits.batchRows, 'examples')
  }

  /** A body of numbers goes to the model as it came; undefined when it does not look like one, or something is wrong with it. */
  const plainly = async (call: Call): Promise<Reply | undefined> => {
    const body = await call.bytes()
    const plain = plainStart(body)
    if (plain === undefined) return undefined
    const input = { kind: 'plain', body, start: plain.start, maxRows: limits.batchRows } as const
    try {
      return await respond(call, input, predicted(plain.form))
    } catch (error) {
      if (error instanceof MaasError && (error.code === 'invalid_input' || error.code === 'too_large')) return undefined
      throw error
    }
  }

  const now: Record<PredictOperation, Handler> = {
    health: () => ({
      json: { status: 'ok', loaded: host.loaded().map(({ name, version }) => `${name}:${version}`) },
    }),
    modelStatus: async ({ params }) => ({ json: statusBody(await host.versions(toReference(params))) }),
    modelMetadata: async ({ params }) => ({ json: metadataOf(await host.describe(toReference(params))) }),

    predict: async (call) => {
      const image = imageBody(call)
      if (image !== undefined) return respond(call, await image, predicted('row'))
      const plain = await plainly(call)
      if (plain !== undefined) return plain
      const request = await call.json(predictRequestSchema)
      let form: Form = 'row'
      return respond(
        call,
        async (model) => {
          const { instances, inputs } = request
          const [rows, columns] = await Promise.all([
            filled(call, model, instances, 'instances'),
            filled(call, model, inputs, 'inputs'),
          ])
          const decoded = decodePredict({ ...request, instances: rows, inputs: columns }, model, limits.batchRows)
          form = decoded.form
          return decoded.input
        },
        (prediction) => predicted(form)(prediction),
      )
    },
    classify: async (call) =>
      respond(call, await examplesOf(call), (prediction) => ({ json: { results: rank(prediction) } })),
    regress: async (call) =>
      respond(call, await examplesOf(call), (prediction) => ({ json: { results: regress(prediction) } })),
    shadowReport: async ({ params: { model = '', alias = '' } }) => ({
      json: shadows.report(model, alias, await host.shadow({ name: model, alias })),
    }),
    uploadImage: async (call) => {
      call.contentType()
      if (uploads === undefined) throw new UnsupportedError('This service keeps no uploads; send images with requests.')
      const image = await call.bytes()
      if (image.length === 0) throw new InvalidInputError('The body is empty; send an image file.')
      return { status: 201, json: await uploads.keep(call.caller?.id, image) }
    },
    ...inferenceHandlers({ host, limits, respond, statistics, models }),
  }
  return { now, invoke: invocationHandler({ limits, respond, handlers: now, uploads }) }
}

const predicted =
  (form: Form) =>
  ({ outputs }: Prediction) => ({ json: encodePredictions(outputs, form) })

const withContext = (example: unknown, context: Readonly<Record<string, unknown>>): unknown =>
  typeof example === 'object' && example !== null ? { ...context, ...example } : example
