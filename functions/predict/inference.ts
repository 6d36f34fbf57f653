/** The data plane in the Open Inference Protocol's words: metadata, readiness, tensors as JSON or bytes, statistics. */
import {
  type InferenceOperation,
  inferRequestSchema,
  repositoryIndexRequestSchema,
  type TensorSpec,
} from '@maas/core/contract'
import { type Handler, type Limits, type Reply, readJson } from '@maas/core/http'
import {
  datatypes,
  decodeInfer,
  decodeRaw,
  type EncodedInfer,
  encodeInfer,
  type ModelHost,
  type ServedModel,
  splitBody,
  wantedOutputs,
} from '@maas/core/predict'
import manifest from './package.json' with { type: 'json' }
import { type Respond, toReference } from './respond.ts'
import type { Statistics } from './statistics.ts'

export interface InferenceDeps {
  readonly host: ModelHost
  readonly limits: Pick<Limits, 'batchRows'>
  readonly respond: Respond
  readonly statistics: Statistics
  /** All models there are. */
  readonly models: () => Promise<readonly { readonly name: string; readonly versions: readonly number[] }[]>
}

const lengthHeader = 'inference-header-content-length'

export const inferenceHandlers = ({
  host,
  limits,
  respond,
  statistics,
  models,
}: InferenceDeps): Record<InferenceOperation, Handler> => ({
  inferenceServer: () => ({
    json: {
      name: 'maas',
      version: manifest.version,
      extensions: ['binary_tensor_data', 'classification', 'statistics', 'raw_binary_request'],
    },
  }),
  inferenceLive: () => ({ json: { live: true } }),
  inferenceReady: () => ({ json: { ready: true } }),
  inferenceModel: async ({ params }) => {
    const reference = toReference(params)
    const [model, versions] = await Promise.all([host.describe(reference), host.versions({ name: reference.name })])
    return { json: modelOf(model, versions) }
  },
  inferenceModelReady: async ({ params }) => {
    const { name } = await host.describe(toReference(params))
    return { json: { name, ready: true } }
  },

  infer: async (call) => {
    call.contentType()
    const { json, tail } = splitBody(await call.bytes(), call.headers.get(lengthHeader))
    const request = json === undefined ? undefined : readJson(json, inferRequestSchema)
    return respond(
      call,
      (model) => (request === undefined ? decodeRaw(tail, model) : decodeInfer(request, tail, model, limits.batchRows)),
      (prediction) => inferReply(encodeInfer(prediction, wantedOutputs(request, prediction.model), request?.id)),
    )
  },

  inferenceStatistics: async ({ params }) => {
    const reference = toReference(params)
    const versions = await host.versions(reference)
    return { json: { model_stats: versions.map((version) => statistics.of(reference.name, version)) } }
  },

  repositoryIndex: async (call) => {
    call.contentType()
    const body = await call.bytes()
    const { ready = false } = body.byteLength === 0 ? {} : readJson(body, repositoryIndexRequestSchema)
    const loaded = new Set(host.loaded().map(({ name, version }) => `${name}:${version}`))
    const mine = call.caller?.models
    const all = (await models())
      .filter(({ name }) => mine === undefined || mine.includes(name))
      .flatMap(({ name, versions }) =>
        versions.toSorted((a, b) => b - a).map((version) => ({ name, version: String(version) })),
      )
    return {
      json: all
        .map(({ name, version }) =>
          loaded.has(`${name}:${version}`)
            ? { name, version, state: 'READY', reason: '' }
            : {
                name,
                version,
                state: 'UNAVAILABLE',
                reason: 'not in memory: it is loaded by the first request for it',
              },
        )
        .filter(({ state }) => !ready || state === 'READY'),
    }
  },
})

const modelOf = ({ name, signature }: ServedModel, versions: readonly number[]) => ({
  name,
  versions: versions.map(String),
  platform: 'tensorflowjs_layers',
  inputs: signature.inputs.map(tensorOf),
  outputs: signature.outputs.map(tensorOf),
})

const tensorOf = ({ name, dtype, shape }: TensorSpec) => ({ name, datatype: datatypes[dtype], shape })

/** All JSON, or JSON with bytes behind it and a header that says where they begin. */
const inferReply = ({ response, tail }: EncodedInfer): Reply => {
  if (tail.length === 0) return { json: response }
  const json = Buffer.from(JSON.stringify(response))
  return {
    body: Buffer.concat([json, ...tail]),
    headers: { 'content-type': 'application/octet-stream', [lengthHeader]: String(json.byteLength) },
  }
}
