/** A model behind the API: TensorFlow Serving's REST dialect, images as plain bodies. */
import { BadRequestError } from './errors.ts'
import type { CallOptions, RequestInput, Send } from './http.ts'
import { type Images, type Input, imageType, isImages, readImages, toInstances } from './input.ts'
import type { Answers, Label, Model, Signature, TensorSpec } from './model.ts'
import { type Reference, referencePath } from './reference.ts'

type TensorInfos = Readonly<Record<string, { dtype: string; tensor_shape: { dim: readonly { size: string }[] } }>>

interface Metadata {
  readonly metadata: {
    signature_def: { signature_def: { serving_default: { inputs: TensorInfos; outputs: TensorInfos } } }
  }
}

const dtypes: Readonly<Record<string, string>> = {
  DT_FLOAT: 'float32',
  DT_INT32: 'int32',
  DT_BOOL: 'bool',
  DT_UINT8: 'uint8',
  DT_STRING: 'string',
}

const specsOf = (infos: TensorInfos): TensorSpec[] =>
  Object.entries(infos).map(([name, { dtype, tensor_shape }]) => ({
    name,
    dtype: dtypes[dtype] ?? dtype,
    shape: tensor_shape.dim.map(({ size }) => Number(size)),
  }))

export const createRemoteModel = (reference: Reference, send: Send): Model => {
  const path = `/v1/models/${referencePath(reference)}`
  let signature: Promise<Signature> | undefined

  const readSignature = async (): Promise<Signature> => {
    const { json } = await send(`${path}/metadata`)
    const { inputs, outputs } = (json as Metadata).metadata.signature_def.signature_def.serving_default
    return { inputs: specsOf(inputs), outputs: specsOf(outputs) }
  }

  /** One image is the body itself; everything else is JSON with one entry per example under `key`. */
  const requestFor = async (input: Images | Input, key: 'instances' | 'examples'): Promise<RequestInput> => {
    const images = isImages(input) ? await readImages(input) : []
    const [only] = images
    if (only !== undefined && images.length === 1) return { body: only, contentType: imageType(only) }
    return { json: { [key]: await toInstances(images.length > 0 ? images : input) } }
  }

  const call = async (operation: 'predict' | 'classify', request: RequestInput, options: CallOptions = {}) =>
    (await send(`${path}:${operation}`, { method: 'POST', repeatable: true, ...request, ...options })).json

  return {
    name: reference.name,
    signature: () => {
      signature ??= readSignature().catch((error) => {
        signature = undefined
        throw error
      })
      return signature
    },
    predict: async (input, options) => {
      const answer = (await call('predict', await requestFor(input, 'instances'), options)) as { predictions: Answers }
      return answer.predictions
    },
    classify: async (input, options) => {
      const answer = await call('classify', await requestFor(input, 'examples'), options)
      const { results } = answer as { results: readonly (readonly (readonly [string, number])[])[] }
      return results.map((ranked) => ranked.map(([label, probability]): Label => ({ label, probability })))
    },
    save: () => {
      throw new BadRequestError(
        'A model behind the API cannot be saved from here; use npx maas export where its registry is.',
      )
    },
    dispose: async () => {},
  }
}
