/** Layers that take texts, cut off the front of a model: what they do becomes a preprocessing spec, and the model takes their numbers. */
import type { TextInput, TextPreprocess } from '../../contract/index.ts'
import { asRecord, type Config, type KerasLayer, layersOf, nameOf, text } from './config.ts'
import { Refusal, type ReportBuilder } from './report.ts'

export interface WithoutTexts {
  readonly model: KerasLayer
  /** Undefined where no input takes texts. */
  readonly preprocess?: TextPreprocess
}

/** Done before the model, by its preprocessing. */
export const textLayers: ReadonlySet<string> = new Set(['TextVectorization', 'StringLookup', 'Hashing'])

/** Refused layers are entered in the report. */
export const withoutTexts = (
  model: KerasLayer,
  report: ReportBuilder,
  vocabularyOf: (layer: KerasLayer) => string | undefined,
): WithoutTexts => {
  const layers = layersOf(model)
  const inputs: Record<string, TextInput> = {}
  const replaced = new Map<string, KerasLayer>()
  const removed = new Map<string, string>()
  for (const layer of layers.filter(({ class_name: className }) => textLayers.has(className))) {
    const name = nameOf(layer)
    try {
      const source = sourceOf(layer, model, layers)
      if (replaced.has(nameOf(source))) throw new Refusal(`input ${nameOf(source)} feeds another text layer too`)
      if (!/string/.test(JSON.stringify(source.config.dtype ?? ''))) {
        throw new Refusal(`it takes numbers, of input ${nameOf(source)}; only texts are supported`)
      }
      const spec = specOf(layer, shapeOf(source), vocabularyOf(layer))
      inputs[nameOf(source)] = spec
      replaced.set(nameOf(source), numbersInput(source, spec))
      removed.set(name, nameOf(source))
      report.layer(name, layer.class_name, 'adapted', 'done before the model, by its preprocessing')
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      report.layer(name, layer.class_name, 'refused', error.message)
      removed.set(name, name)
    }
  }
  if (removed.size === 0) return { model }
  const kept = layers
    .filter((layer) => !removed.has(nameOf(layer)))
    .map((layer) => replaced.get(nameOf(layer)) ?? layer)
  const config = renamed({ ...model.config, layers: kept, build_input_shape: undefined }, removed) as Config
  return { model: { ...model, config }, preprocess: { kind: 'text', inputs } }
}

/** The input right before it, which feeds nothing else. */
const sourceOf = (layer: KerasLayer, model: KerasLayer, layers: readonly KerasLayer[]): KerasLayer => {
  const misplaced = new Refusal('it must come right after an input of texts; other places are not supported')
  if (model.class_name === 'Sequential') {
    const source = layers[layers.indexOf(layer) - 1]
    if (source?.class_name !== 'InputLayer') throw misplaced
    return source
  }
  const feeds = (from: string, to: KerasLayer) => JSON.stringify(to.inbound_nodes ?? []).includes(`["${from}",0,0`)
  const source = layers.find((one) => one.class_name === 'InputLayer' && feeds(nameOf(one), layer))
  if (!source || layer.inbound_nodes?.length !== 1) throw misplaced
  const others = layers.filter((one) => one !== layer && feeds(nameOf(source), one))
  if (others[0]) throw new Refusal(`input ${nameOf(source)} feeds ${nameOf(others[0])} too`)
  return source
}

const shapeOf = ({ config }: KerasLayer): number[] => {
  const shape = config.batch_shape ?? config.batch_input_shape
  return Array.isArray(shape) ? shape.map((size) => (typeof size === 'number' ? size : -1)) : [-1]
}

/** The input again, of numbers. */
const numbersInput = (source: KerasLayer, { tokenizer, output, size, shape }: TextInput): KerasLayer => {
  const width = shape[1] ?? 1
  const inner =
    output === 'index'
      ? tokenizer
        ? [size]
        : shape.slice(1)
      : output === 'one_hot' && width !== 1
        ? [...shape.slice(1), size]
        : [size]
  const { batch_input_shape: _, ...config } = source.config
  const batch_shape = [null, ...inner.map((one) => (one === -1 ? null : one))]
  return { ...source, config: { ...config, batch_shape, dtype: output === 'index' ? 'int32' : 'float32' } }
}

/** References to a layer that is gone mean the input before it. */
const renamed = (value: unknown, removed: ReadonlyMap<string, string>): unknown => {
  if (Array.isArray(value)) {
    const [first, node, tensor] = value
    const source = typeof first === 'string' && node === 0 && tensor === 0 ? removed.get(first) : undefined
    return source === undefined ? value.map((inner) => renamed(inner, removed)) : [source, ...value.slice(1)]
  }
  const object = asRecord(value)
  return object
    ? Object.fromEntries(Object.entries(object).map(([key, inner]) => [key, renamed(inner, removed)]))
    : value
}

const specOf = (layer: KerasLayer, shape: readonly number[], stored: string | undefined): TextInput => {
  const { config, class_name: className } = layer
  if (config.sparse || config.ragged) throw new Refusal('sparse and ragged outputs are not supported')
  const mode = text(config.output_mode) ?? 'int'
  if (!['int', 'one_hot', 'multi_hot', 'count'].includes(mode)) {
    throw new Refusal(`its output mode ${mode} is not supported; allowed: int, one_hot, multi_hot, count`)
  }
  const output = mode === 'int' ? 'index' : (mode as TextInput['output'])
  const base = { shape: [...shape], output }
  if (className === 'Hashing') return { ...base, index: hashOf(config), size: sizeIn(output, Number(config.num_bins)) }
  const tokenized = className === 'TextVectorization'
  if (tokenized && (shape.length > 2 || (shape[1] ?? 1) !== 1)) {
    throw new Refusal(`its input must hold one text per example; got the shape [${shape}]`)
  }
  const index = vocabularyIndex(config, { tokenized, indexed: output === 'index' }, stored)
  const own = index.values.length + index.unknown + (index.mask === null ? 0 : 1)
  const most = config.pad_to_max_tokens && typeof config.max_tokens === 'number' ? config.max_tokens : own
  if (!tokenized) return { ...base, index, size: sizeIn(output, most) }
  const length = typeof config.output_sequence_length === 'number' ? config.output_sequence_length : null
  return { ...base, tokenizer: tokenizerOf(config), index, size: output === 'index' ? length : most }
}

const sizeIn = (output: TextInput['output'], size: number): number | null => (output === 'index' ? null : size)

const hashOf = ({ num_bins: bins, salt, mask_value: mask }: Config): TextInput['index'] => {
  const key = typeof salt === 'number' ? [salt, salt] : Array.isArray(salt) ? salt : null
  return {
    kind: 'hash',
    bins: Number(bins),
    salt: key && [Number(key[0]), Number(key[1])],
    mask: text(mask) ?? null,
  }
}

type VocabularyIndex = Extract<TextInput['index'], { kind: 'vocabulary' }>

const vocabularyIndex = (
  config: Config,
  { tokenized, indexed }: { readonly tokenized: boolean; readonly indexed: boolean },
  stored: string | undefined,
): VocabularyIndex => {
  if (config.invert) throw new Refusal('it turns numbers into texts, which is not supported')
  if (config.salt) throw new Refusal('its salted out-of-vocabulary numbers are not supported')
  const token = tokenized ? '' : (text(config.mask_token) ?? null)
  if (token !== null && !tokenized && !indexed) throw new Refusal('a mask beside an output mode other than int')
  const mask = indexed ? token : null
  const unknown = tokenized ? 1 : Number(config.num_oov_indices ?? 1)
  const given = Array.isArray(config.vocabulary) ? config.vocabulary.map(String) : stored?.split('\n')
  if (!given) {
    throw new Refusal('the file does not hold its vocabulary; save the model as .keras, or give the layer a vocabulary')
  }
  // A stored vocabulary begins with what stands for the mask and for the unknown.
  const special = [...(mask === null ? [] : [mask]), ...Array(unknown).fill(text(config.oov_token) ?? '[UNK]')]
  const begins = special.length > 0 && special.every((one, i) => given[i] === one)
  return { kind: 'vocabulary', mask, unknown, values: begins ? given.slice(special.length) : given }
}

type Tokenizer = NonNullable<TextInput['tokenizer']>

const tokenizerOf = ({ standardize, split, ngrams }: Config): Tokenizer => {
  const known = ['lower_and_strip_punctuation', 'lower', 'strip_punctuation', null]
  if (!known.includes(standardize as string | null)) throw new Refusal('its standardize function is custom code')
  if (!['whitespace', 'character', null].includes(split as string | null)) {
    throw new Refusal('its split function is custom code')
  }
  const widths = typeof ngrams === 'number' ? Array.from({ length: ngrams }, (_, i) => i + 1) : ngrams
  return {
    standardize: (standardize ?? 'none') as Tokenizer['standardize'],
    split: (split ?? 'none') as Tokenizer['split'],
    ngrams: Array.isArray(widths) ? widths.map(Number) : [],
  }
}
