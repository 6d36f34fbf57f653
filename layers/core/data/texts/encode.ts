/** Texts into the numbers a model takes, by the spec stored with it: what Keras' text layers do, in front of the model. */
import type { NamedTensors, TensorData, TextInput, TextPreprocess } from '../../contract/index.ts'
import { InvalidInputError } from '../../errors.ts'
import { fingerprint64, sipHash } from './fingerprint.ts'

/** Text tensors encoded, others as they come. InvalidInputError for a text that the spec has no number for. */
export const encodeTexts = (tensors: NamedTensors, { inputs }: TextPreprocess): NamedTensors =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      const spec = Object.hasOwn(inputs, name) ? inputs[name] : undefined
      return [name, spec && tensor.dtype === 'string' ? encode(tensor, spec, name) : tensor]
    }),
  )

const encode = ({ shape, data }: TensorData, spec: TextInput, name: string): TensorData => {
  const [rows = 0] = shape
  const width = data.length / Math.max(1, rows)
  const indexOf = indexer(spec, name)
  const numbers = Array.from({ length: rows }, (_, row) => {
    const texts = (data as readonly string[]).slice(row * width, (row + 1) * width)
    return (spec.tokenizer ? texts.flatMap((text) => tokens(text, spec.tokenizer)) : texts).map(indexOf)
  })
  if (spec.output !== 'index') return vectors(numbers, spec, width)
  const longest = numbers.reduce((most, row) => Math.max(most, row.length), 1)
  const length = spec.tokenizer ? (spec.size ?? longest) : width
  const out = new Int32Array(rows * length)
  for (const [row, values] of numbers.entries()) out.set(values.slice(0, length), row * length)
  return { dtype: 'int32', shape: spec.tokenizer ? [rows, length] : shape, data: out }
}

/** One per token, or one per example. */
const vectors = (numbers: readonly (readonly number[])[], { output, size }: TextInput, width: number): TensorData => {
  const length = size ?? 0
  const each = output === 'one_hot' && width > 1
  const flat = each ? numbers.flat().map((index) => [index]) : numbers
  const out = new Float32Array(flat.length * length)
  for (const [row, values] of flat.entries()) {
    for (const index of values) {
      const at = row * length + index
      out[at] = output === 'count' ? (out[at] ?? 0) + 1 : 1
    }
  }
  return { dtype: 'float32', shape: each ? [numbers.length, width, length] : [numbers.length, length], data: out }
}

/** What Keras strips, letter by letter. */
const PUNCTUATION = /[!"#$%&()*+,\-./:;<=>?@[\\\]^_`{|}~']/g

/** TensorFlow lowers and splits by ASCII alone. */
const tokens = (text: string, tokenizer: TextInput['tokenizer']): string[] => {
  const { standardize, split, ngrams } = tokenizer ?? { standardize: 'none', split: 'none', ngrams: [] }
  const lowered = standardize.includes('lower') ? text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()) : text
  const plain = standardize.includes('strip_punctuation') ? lowered.replace(PUNCTUATION, '') : lowered
  const words =
    split === 'none' ? [plain] : split === 'character' ? [...plain] : plain.split(/[ \t\n\v\f\r]+/).filter(Boolean)
  if (ngrams.length === 0) return words
  return ngrams.flatMap((width) =>
    words.slice(0, Math.max(0, words.length - width + 1)).map((_, i) => words.slice(i, i + width).join(' ')),
  )
}

const utf8 = new TextEncoder()

const indexer = ({ index }: TextInput, name: string): ((token: string) => number) => {
  const first = index.mask === null ? 0 : 1
  if (index.kind === 'hash') {
    const bins = BigInt(index.bins - first)
    const salt = index.salt && ([BigInt(index.salt[0]), BigInt(index.salt[1])] as const)
    return (token) => {
      if (token === index.mask) return 0
      const bytes = utf8.encode(token)
      return Number((salt ? sipHash(bytes, salt) : fingerprint64(bytes)) % bins) + first
    }
  }
  const known = new Map(index.values.map((value, i) => [value, first + index.unknown + i]))
  return (token) => {
    if (token === index.mask) return 0
    const number = known.get(token)
    if (number !== undefined) return number
    if (index.unknown === 0) {
      throw new InvalidInputError(
        `the input "${name}" got ${JSON.stringify(token)}, which its vocabulary does not have`,
        {
          param: `inputs.${name}`,
        },
      )
    }
    return first + (index.unknown === 1 ? 0 : Number(fingerprint64(utf8.encode(token)) % BigInt(index.unknown)))
  }
}
