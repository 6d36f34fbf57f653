/** The data plane over HTTP: TensorFlow Serving's URLs and bodies, and images as request bodies. */
import {
  classifyRequestSchema,
  type ModelReference,
  type PathParameters,
  type PredictOperation,
  predictRequestSchema,
} from '@maas/core/contract'
import { type AppOptions, type Call, createApp, type Handler, type Reply } from '@maas/core/http'
import {
  decodePredict,
  decodeRows,
  encodePredictions,
  type ModelHost,
  type PredictInput,
  type Prediction,
  rank,
} from '@maas/core/predict'
import { metadataOf, statusBody } from './describe.ts'

export interface PredictDependencies extends AppOptions {
  readonly host: ModelHost
}

/** The app of this function alone, as the predict Lambda runs it. */
export const createPredictApp = (dependencies: PredictDependencies) =>
  createApp(predictHandlers(dependencies), dependencies)

export const predictHandlers = ({
  host,
  limits,
}: Pick<PredictDependencies, 'host' | 'limits'>): Record<PredictOperation, Handler> => ({
  health: () => ({
    json: { status: 'ok', loaded: host.loaded().map(({ name, version }) => `${name}:${version}`) },
  }),
  modelStatus: async ({ params }) => ({ json: statusBody(await host.versions(toReference(params))) }),
  modelMetadata: async ({ params }) => ({ json: metadataOf(await host.describe(toReference(params))) }),

  predict: async (call) => {
    const reference = toReference(call.params)
    const image = await imageBody(call)
    const { form, input } =
      image !== undefined
        ? { form: 'row' as const, input: image }
        : decodePredict(await call.json(predictRequestSchema), await host.describe(reference), limits.batchRows)
    const prediction = await host.predict(reference, input, { signal: call.signal })
    return answer(encodePredictions(prediction.outputs, form), prediction)
  },

  classify: async (call) => {
    const reference = toReference(call.params)
    let input = await imageBody(call)
    if (input === undefined) {
      const { examples, context } = await call.json(classifyRequestSchema)
      const whole = context === undefined ? examples : examples.map((example) => withContext(example, context))
      input = decodeRows(whole, await host.describe(reference), limits.batchRows, 'examples')
    }
    const prediction = await host.predict(reference, input, { signal: call.signal })
    return answer({ results: rank(prediction) }, prediction)
  },
})

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

/** Which version answered, and where the time went, in headers: bodies stay as TensorFlow Serving has them. */
const answer = (json: unknown, { model, timings }: Prediction): Reply => ({
  json,
  headers: {
    'x-maas-model-version': String(model.version),
    'server-timing': Object.entries(timings)
      .map(([stage, ms]) => `${stage};dur=${ms.toFixed(3)}`)
      .join(', '),
  },
})
