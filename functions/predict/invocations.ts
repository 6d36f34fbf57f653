/** A prediction as SageMaker's clients ask for it: JSON, JSON lines, CSV, a NumPy array or images in, whatever `Accept` asks for out. */
import { HttpError, predictRequestSchema } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import { type Call, type Handler, type Limits, parseJson, type Reply, readJson } from '@maas/core/http'
import {
  decodePredict,
  encodePredictions,
  type Form,
  type Prediction,
  readCsv,
  readNpy,
  type UploadedImages,
  writeCsv,
  writeNpy,
} from '@maas/core/predict'
import { imagesOf, uploadReader } from './images.ts'
import type { Respond, ToInput } from './respond.ts'

/** What answers come as, JSON first: it is meant where nothing is said. */
const answerTypes = ['application/json', 'application/jsonlines', 'text/csv', 'application/x-npy'] as const
type AnswerType = (typeof answerTypes)[number]

/** The type that the caller likes best among those there are; 406 names them. */
export const answerType = (accept: string | null): AnswerType => {
  const wishes = (accept ?? '')
    .split(',')
    .map((wish) => {
      const [type = '', ...parameters] = wish.split(';').map((part) => part.trim().toLowerCase())
      const quality = parameters.find((parameter) => parameter.startsWith('q='))
      return { type, quality: quality === undefined ? 1 : Number(quality.slice(2)) }
    })
    .filter(({ type, quality }) => type !== '' && quality > 0)
    .sort((a, b) => b.quality - a.quality)
  if (wishes.length === 0) return 'application/json'
  for (const { type } of wishes) {
    const pattern = type === '*/*' ? '' : type.endsWith('/*') ? type.slice(0, -1) : undefined
    const found = answerTypes.find((known) => (pattern === undefined ? known === type : known.startsWith(pattern)))
    if (found !== undefined) return found
  }
  throw new HttpError(406, `accept: got "${accept?.slice(0, 80)}"; answers come as ${answerTypes.join(', ')}.`)
}

/** TensorFlow Serving's container on SageMaker takes the method so. */
const methodOf = (attributes: string | null): string =>
  /(?:^|,)\s*tfs-method=(\w+)/.exec(attributes ?? '')?.[1] ?? 'predict'

export interface InvocationDeps {
  readonly limits: Pick<Limits, 'batchRows'>
  readonly respond: Respond
  /** @default none are kept */
  readonly uploads?: UploadedImages | undefined
  /** Of JSON and images to JSON. */
  readonly handlers: Readonly<Record<'predict' | 'classify' | 'regress', Handler>>
}

export const invocationHandler = ({ limits, respond, handlers, uploads }: InvocationDeps): Handler => {
  const inputOf = async (call: Call, type: string): Promise<{ readonly input: ToInput; readonly form: () => Form }> => {
    const body = await call.bytes()
    const row = (input: ToInput) => ({ input, form: (): Form => 'row' })
    if (type === 'text/csv') return row(await readCsv(body, limits.batchRows))
    if (type === 'application/x-npy') return row((model) => readNpy(body, model, limits.batchRows))
    if (type === 'application/jsonlines' || isList(body)) {
      const instances = isList(body) && type !== 'application/jsonlines' ? listOf(body) : linesOf(body)
      return row((model) => decodePredict({ instances }, model, limits.batchRows).input)
    }
    if (type !== 'application/json')
      return row(await imagesOf(call, type, limits.batchRows, uploadReader(call, uploads)))
    const request = readJson(body, predictRequestSchema)
    let form: Form = 'row'
    const input: ToInput = (model) => {
      const decoded = decodePredict(request, model, limits.batchRows)
      form = decoded.form
      return decoded.input
    }
    return { input, form: () => form }
  }

  return async (call) => {
    const answer = answerType(call.headers.get('accept'))
    const type = call.contentType()
    const method = methodOf(call.headers.get('x-amzn-sagemaker-custom-attributes'))
    if (method !== 'predict') return otherMethod(method, answer, handlers)(call)
    if (type === 'application/json' && answer === 'application/json' && !isList(await call.bytes())) {
      return handlers.predict(call)
    }
    const { input, form } = await inputOf(call, type)
    return respond(call, input, (prediction) => replyIn(answer, prediction, form()))
  }
}

const otherMethod = (
  method: string,
  answer: AnswerType,
  { classify, regress }: InvocationDeps['handlers'],
): Handler => {
  if (answer !== 'application/json')
    throw new HttpError(406, `accept: got ${answer}; tfs-method=${method} answers as application/json.`)
  if (method === 'classify') return classify
  if (method === 'regress') return regress
  throw new InvalidInputError(`tfs-method: got "${method}"; it is predict, classify or regress.`, {
    param: 'X-Amzn-SageMaker-Custom-Attributes',
  })
}

const replyIn = (type: AnswerType, { model, outputs }: Prediction, form: Form): Reply => {
  if (type === 'application/json') return { json: encodePredictions(outputs, form) }
  const headers = { 'content-type': type }
  if (type === 'text/csv') return { headers, body: writeCsv(outputs, model) }
  if (type === 'application/x-npy') return { headers, body: writeNpy(outputs, model) }
  const { predictions } = encodePredictions(outputs, 'row') as { readonly predictions: readonly unknown[] }
  return { headers, body: Buffer.from(predictions.map((one) => `${JSON.stringify(one)}\n`).join('')) }
}

const isList = (body: Uint8Array): boolean => /^\s*\[/.test(Buffer.from(body.subarray(0, 64)).toString('latin1'))

const listOf = (body: Uint8Array): readonly unknown[] => parseJson(body) as readonly unknown[]

const newline = 10

/** One value a line; empty lines are left out. */
const linesOf = (body: Uint8Array): readonly unknown[] => {
  const lines: unknown[] = []
  for (let start = 0, number = 1; start < body.length; number++) {
    const found = body.indexOf(newline, start)
    const end = found === -1 ? body.length : found
    const line = body.subarray(start, end)
    start = end + 1
    if (Buffer.from(line).toString('latin1').trim() === '') continue
    try {
      lines.push(parseJson(line))
    } catch (cause) {
      if (!(cause instanceof InvalidInputError)) throw cause
      throw new InvalidInputError(`line ${number}: ${cause.message}`, { cause, param: `line ${number}` })
    }
  }
  return lines
}
