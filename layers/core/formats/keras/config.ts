/** A model's configuration as Keras writes it, checked as far as every layer needs; what a layer's options mean is in `layer-rules.ts`. */
import * as z from 'zod'
import { InvalidInputError, messageOf } from '../../errors.ts'

export type Config = Record<string, unknown>

const record = z.record(z.string(), z.unknown())

const layerSchema = z.object({
  class_name: z.string(),
  config: record,
  /** In functional models. */
  name: z.string().optional(),
  inbound_nodes: z.array(z.unknown()).optional(),
  /** Keras 3: where the class lives; `keras.src.ops…` for an operation on tensors. */
  module: z.string().nullish(),
  /** `package>Name` for classes that are not Keras' own. */
  registered_name: z.string().nullish(),
})
export type KerasLayer = z.infer<typeof layerSchema>

export const modelClasses = ['Sequential', 'Functional', 'Model'] as const
export const isModelClass = (name: string): boolean => (modelClasses as readonly string[]).includes(name)

/** Names of a layer differ in place: functional models repeat it outside the configuration. */
export const nameOf = ({ name, config, class_name }: KerasLayer): string => name ?? text(config.name) ?? class_name

/** A layer, or a nested model, from a place where one must be. */
export const layerFrom = (value: unknown, where: string): KerasLayer => {
  const result = layerSchema.safeParse(value)
  if (result.success) return result.data
  throw new InvalidInputError(`${where} is no Keras layer: ${result.error.issues[0]?.message}`, { param: where })
}

/** The layers of a model; early Keras 2 wrote those of a Sequential as a bare list. */
export const layersOf = ({ class_name, config }: KerasLayer): KerasLayer[] => {
  const list = Array.isArray(config) ? config : config.layers
  if (!Array.isArray(list)) {
    throw new InvalidInputError(
      `${class_name} carries no layers: a subclassed model's configuration holds no graph; build it as a Sequential or functional model and save it again`,
    )
  }
  return list.map((layer, i) => layerFrom(layer, `layer ${i} of ${text(config.name) ?? class_name}`))
}

/** The model that a wrapper such as TimeDistributed calls, if it is one. */
export const wrappedModel = (layer: KerasLayer): KerasLayer | undefined => {
  const inner = asRecord(layer.config.layer)
  const wraps = !isModelClass(layer.class_name) && isModelClass(text(inner?.class_name) ?? '')
  return wraps ? layerFrom(inner, `${nameOf(layer)}.layer`) : undefined
}

/** Parses Keras' JSON, in which Python may have written NaN and infinities. */
export const parseKerasJson = (json: string, what: string): unknown => {
  try {
    return JSON.parse(json)
  } catch {
    try {
      return JSON.parse(json.replace(STRING_OR_SPECIAL, (found) => (found.startsWith('"') ? found : 'null')))
    } catch (cause) {
      throw new InvalidInputError(`${what} is not JSON: ${messageOf(cause)}`, { cause, param: what })
    }
  }
}

/** Strings are matched too, so that the words inside them stay. */
const STRING_OR_SPECIAL = /"(?:[^"\\]|\\.)*"|-?\bInfinity\b|\bNaN\b/g

export const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)

export const asRecord = (value: unknown): Config | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Config) : undefined
