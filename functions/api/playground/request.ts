/** What the page sends for an input, and the same as a curl command. */
import { apiKey, ask, base, part } from './service.ts'

/** Image bytes as they are, or a JSON body. */
export type Input =
  | { readonly kind: 'image'; readonly blob: Blob; readonly name: string }
  | { readonly kind: 'json'; readonly text: string }

export interface Target {
  readonly model: string
  /** A version's number, an alias, or nothing for the highest version. */
  readonly at: string
}

export interface Answer {
  readonly body: unknown
  readonly ms: number
  readonly version: string | null
  readonly timing: string | null
}

const address = ({ model, at }: Target): string => {
  const where = at === '' ? '' : /^\d+$/.test(at) ? `/versions/${at}` : `/labels/${part(at)}`
  return `/v1/models/${part(model)}${where}`
}

/** `examples` is classify's form, as TensorFlow Serving has it; everything else is predict's. */
const operation = (input: Input): 'classify' | 'predict' =>
  input.kind === 'image' || /^\s*\{\s*"(examples|context)"/.test(input.text) ? 'classify' : 'predict'

const pathOf = (target: Target, input: Input): string => `${address(target)}:${operation(input)}`

const typeOf = (input: Input): string => (input.kind === 'image' ? input.blob.type || 'image/jpeg' : 'application/json')

export const send = async (target: Target, input: Input, signal: AbortSignal): Promise<Answer> => {
  const began = performance.now()
  const response = await ask(pathOf(target, input), {
    method: 'POST',
    headers: { 'content-type': typeOf(input) },
    body: input.kind === 'image' ? input.blob : input.text,
    signal,
  })
  const body: unknown = await response.json()
  return {
    body,
    ms: performance.now() - began,
    version: response.headers.get('x-maas-model-version'),
    timing: response.headers.get('server-timing'),
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** A long JSON body is named as a file. */
export const curlOf = (target: Target, input: Input): string => {
  const data =
    input.kind === 'image'
      ? `--data-binary @${quoted(input.name)}`
      : input.text.length > 2000
        ? '-d @body.json'
        : `-d ${quoted(input.text)}`
  return [
    `curl ${quoted(`${base()}${pathOf(target, input)}`)}`,
    ...(apiKey.get() === '' ? [] : ['-H "x-api-key: $MAAS_API_KEY"']),
    `-H ${quoted(`content-type: ${typeOf(input)}`)}`,
    data,
  ].join(' \\\n  ')
}
