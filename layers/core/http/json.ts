/** JSON bodies: UTF-8, and a parse error that says where. */
import { InvalidInputError } from '@maas/core/errors'
import { type ParseError, parse, printParseErrorCode } from 'jsonc-parser'

const decoder = new TextDecoder('utf-8', { fatal: true })

/** InvalidInputError with line and column; JSON.parse's own message leaves the place out in some Node versions. */
export const parseJson = (bytes: Uint8Array): unknown => {
  if (bytes.length === 0) throw new InvalidInputError('The body is empty; send a JSON object.')
  const text = decodeText(bytes)
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new InvalidInputError(`The body is not JSON: ${locate(text)}.`, { cause })
  }
}

const decodeText = (bytes: Uint8Array): string => {
  try {
    return decoder.decode(bytes)
  } catch (cause) {
    const kind = imageKind(bytes)
    const hint =
      kind === undefined
        ? 'send JSON as UTF-8'
        : `it looks like a ${kind} image: send it with the header "content-type: image/${kind.toLowerCase()}"`
    throw new InvalidInputError(`The body is not UTF-8 text; ${hint}.`, { cause })
  }
}

const imageKind = (bytes: Uint8Array): 'JPEG' | 'PNG' | 'WebP' | undefined => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(12, bytes.length)).toString('latin1')
  if (head.startsWith('\xff\xd8\xff')) return 'JPEG'
  if (head.startsWith('\x89PNG')) return 'PNG'
  return head.startsWith('RIFF') && head.endsWith('WEBP') ? 'WebP' : undefined
}

const locate = (text: string): string => {
  const errors: ParseError[] = []
  parse(text, errors, { disallowComments: true, allowTrailingComma: false })
  const offset = errors[0]?.offset ?? text.length
  const before = text.slice(0, offset).split('\n')
  const place = `line ${before.length} column ${(before.at(-1) ?? '').length + 1} (position ${offset})`
  const number = /^-?(NaN|Infinity)/.exec(text.slice(offset))
  if (number !== null) return `${number[0]} at ${place} is not a JSON value; only finite numbers are taken`
  return errors[0] === undefined ? `it ends at ${place}` : `${words(printParseErrorCode(errors[0].error))} at ${place}`
}

/** `CommaExpected` → `comma expected`. */
const words = (code: string): string => code.replace(/(?<!^)([A-Z])/g, ' $1').toLowerCase()
