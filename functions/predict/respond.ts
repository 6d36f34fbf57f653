/** One prediction from its input to its reply: run, encoded, counted, and with headers that say which version answered and where the time went. */
import { createHash } from 'node:crypto'
import { type ModelReference, type PathParameters, requestPrice } from '@maas/core/contract'
import type { Call, Reply } from '@maas/core/http'
import { blamedVersion, type ModelHost, type PredictInput, type Prediction, type ServedModel } from '@maas/core/predict'
import type { Shadows } from './shadow.ts'
import type { Statistics } from './statistics.ts'

export interface RespondDeps {
  readonly host: ModelHost
  /** Milliseconds since 1970. */
  readonly clock: () => number
  readonly statistics: Statistics
  readonly shadows: Shadows
  /** Whether a shadow is waited for: a Lambda stands still once it has answered. @default false */
  readonly waitsForShadows?: boolean
  /** Of the function, for the price of an answer. @default a function with one whole CPU */
  readonly megabytes?: number
}

/** Makes the input once the model is known; gives the input at once where it does not depend on the model. */
export type ToInput = PredictInput | ((model: ServedModel) => PredictInput | Promise<PredictInput>)

/** At this size a function has one whole virtual CPU. */
const oneCpuMegabytes = 1769

/** Requests that give the same text here meet the same version of a split alias. */
const stickyHeader = 'x-maas-sticky'

const withPoint = (reference: ModelReference, sticky: string | null): ModelReference =>
  sticky === null || reference.alias === undefined
    ? reference
    : { ...reference, point: createHash('sha256').update(sticky).digest().readUInt32BE() / 2 ** 32 }

export type Respond = (call: Call, input: ToInput, encode: (prediction: Prediction) => Reply) => Promise<Reply>

export const createRespond =
  ({ host, clock, statistics, shadows, waitsForShadows = false, megabytes = oneCpuMegabytes }: RespondDeps): Respond =>
  async (call, toInput, encode) => {
    const began = clock()
    let model: Pick<ServedModel, 'name' | 'version'> | undefined
    try {
      const asked = withPoint(toReference(call.params), call.headers.get(stickyHeader))
      let reference = asked
      let load: number | undefined
      let input: PredictInput
      if (typeof toInput === 'function') {
        const described = await host.describe(reference)
        model = described
        load = clock() - began
        // The version whose signature the input is checked against: an alias may move, or be split, between two questions.
        reference = { name: described.name, version: described.version }
        input = await toInput(described)
      } else input = toInput
      const prediction = await host.predict(reference, input, call)
      model = prediction.model
      const loaded = load ?? prediction.timings.load ?? 0
      const shadow = shadows.compare(asked, input, prediction)
      if (waitsForShadows) await shadow
      const answered = clock()
      const reply = encode(prediction)
      const ended = clock()
      const spent = { total: ended - began, load: loaded, encode: ended - answered }
      const cost = requestPrice(ended - began, megabytes).toFixed(9)
      return {
        ...reply,
        headers: { ...headersOf(prediction, loaded), 'x-maas-cost': cost, ...reply.headers },
        after: () => statistics.succeeded(prediction, spent),
      }
    } catch (error) {
      if (model !== undefined) statistics.failed(model, clock() - began)
      const version = model?.version ?? blamedVersion(error)
      if (version !== undefined) call.about(version)
      throw error
    }
  }

export const toReference = ({ model = '', version, label, release }: PathParameters): ModelReference => {
  const number = version ?? (typeof release === 'number' ? release : undefined)
  const alias = label ?? (typeof release === 'string' ? release : undefined)
  return {
    name: model,
    ...(number !== undefined && { version: number }),
    ...(alias !== undefined && alias !== 'latest' && { alias }),
  }
}

/** Headers, because bodies stay as each protocol has them. `load` is the wait for a cold model, milliseconds. */
const headersOf = ({ model, timings }: Prediction, load: number): Record<string, string> => ({
  'x-maas-model-version': String(model.version),
  'server-timing': Object.entries({ load, prepare: timings.prepare, run: timings.run })
    .map(([stage, ms]) => `${stage};dur=${ms.toFixed(3)}`)
    .join(', '),
})
