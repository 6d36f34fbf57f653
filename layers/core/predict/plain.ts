/** JSON bodies of plain numbers, the most frequent ones, into tensors without nested lists between. */
import { predictRequestSchema } from '@maas/core/contract'
import { InvalidInputError, MaasError } from '@maas/core/errors'
import type { SessionBinding } from '@maas/core/kernels'
import { decodePredict, type Form } from './decode.ts'
import type { PlainInput, PredictInput, ServedModel } from './types.ts'

const beginning = /^\s*\{\s*"(instances|inputs)"\s*:\s*(?=\[[\s[]*-?\d)/
/** Bytes that are looked at for it. */
const looked = 256

/** Which form a body has and where its numbers begin; undefined unless it begins like one of numbers alone. */
export const plainStart = (body: Uint8Array): { readonly form: Form; readonly start: number } | undefined => {
  const head = Buffer.from(body.buffer, body.byteOffset, Math.min(looked, body.length)).toString('latin1')
  const found = beginning.exec(head)
  return found === null ? undefined : { form: found[1] === 'instances' ? 'row' : 'column', start: found[0].length }
}

/**
 * Decodes by the native reader where it and the model allow, else as any request.
 * Throws InvalidInputError for all that is wrong with it: where words matter, decode the body anew, from the schema on.
 */
export const readPlain = (
  { body, start, maxRows }: PlainInput,
  model: ServedModel,
  sessions: SessionBinding | undefined,
): PredictInput => {
  const read = sessions && readNumbers(body, start, model, maxRows, sessions)
  if (read !== undefined) return read
  try {
    const request = predictRequestSchema.parse(JSON.parse(Buffer.from(body).toString()))
    return decodePredict(request, model, maxRows).input
  } catch (cause) {
    throw cause instanceof MaasError ? cause : new InvalidInputError('The body is not a predict request.', { cause })
  }
}

/** The whole of a body of one float32 input; undefined for any other. */
const readNumbers = (
  body: Uint8Array,
  start: number,
  { signature }: ServedModel,
  maxRows: number,
  sessions: SessionBinding,
): PredictInput | undefined => {
  const [spec, ...others] = signature.inputs
  if (spec?.dtype !== 'float32' || others.length > 0) return undefined
  const read = sessions.readFloats(body, start)
  if (read === undefined) return undefined
  const { shape, data, end } = read
  const fits = shape.length === spec.shape.length && spec.shape.every((size, at) => size === -1 || size === shape[at])
  if (!fits || (shape[0] ?? 0) > maxRows || !/^\s*\}\s*$/.test(Buffer.from(body.subarray(end)).toString('latin1'))) {
    return undefined
  }
  return { kind: 'tensors', tensors: { [spec.name]: { dtype: 'float32', shape, data } } }
}
