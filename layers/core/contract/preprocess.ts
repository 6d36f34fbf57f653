/** The preprocessing spec: fitted by training or given at push, stored with the version, run by training and serving alike. */
import * as z from 'zod'
import type { Signature } from './tensors.ts'

const sizeSchema = z.object({ height: z.number().int().min(1).max(4096), width: z.number().int().min(1).max(4096) })

/** From an encoded image to one float32 row of `[height, width, channels]`. */
export const imagePreprocessSchema = z.object({
  kind: z.literal('image'),
  ...sizeSchema.shape,
  channels: z.literal([1, 3]),
  /** `integer-accurate`: TensorFlow's DecodeJpeg with INTEGER_ACCURATE, or libjpeg-turbo's islow through sharp: the same pixels, bit for bit. */
  decoder: z.literal('integer-accurate').default('integer-accurate'),
  /** Whether the EXIF orientation of a photo is applied before anything else. */
  exif: z.enum(['apply', 'ignore']).default('apply'),
  /** What transparency becomes: blended onto this background, or dropped. */
  alpha: z.enum(['black', 'white', 'drop']).default('black'),
  /** `stretch` ignores the aspect ratio; `center` crops the middle to the aspect ratio first. */
  crop: z.enum(['stretch', 'center']).default('stretch'),
  interpolation: z.enum(['nearest', 'bilinear', 'bicubic']).default('bilinear'),
  antialias: z.boolean().default(true),
  /** value = (pixel * scale - mean[c]) / std[c], pixel in 0..255 */
  scale: z.number().default(1 / 255),
  mean: z.array(z.number()).min(1).max(3).default([0]),
  std: z.array(z.number().positive()).min(1).max(3).default([1]),
  layout: z.literal('nhwc').default('nhwc'),
})
export type ImagePreprocess = z.infer<typeof imagePreprocessSchema>

const numericColumnSchema = z.object({
  name: z.string(),
  type: z.literal('number'),
  mean: z.number(),
  std: z.number().positive(),
})
const categoryColumnSchema = z.object({
  name: z.string(),
  type: z.literal('category'),
  values: z.array(z.string()).min(1),
})

/** From a row of named columns to a float32 vector: numbers standardised, categories one-hot, in this order. */
export const tabularPreprocessSchema = z.object({
  kind: z.literal('tabular'),
  columns: z.array(z.discriminatedUnion('type', [numericColumnSchema, categoryColumnSchema])).min(1),
  /** For regression: the model's output y means y * std + mean. */
  target: z.object({ name: z.string(), mean: z.number().default(0), std: z.number().positive().default(1) }).optional(),
})
export type TabularPreprocess = z.infer<typeof tabularPreprocessSchema>

/** The model takes its tensors as they come. */
export const tensorPreprocessSchema = z.object({ kind: z.literal('tensor') })

const tokenizerSchema = z.object({
  standardize: z.enum(['lower_and_strip_punctuation', 'lower', 'strip_punctuation', 'none']),
  split: z.enum(['whitespace', 'character', 'none']),
  /** Runs of how many words make a token, in this order; none: single words. */
  ngrams: z.array(z.number().int().min(1).max(10)).max(10).default([]),
})

/** How the texts of one input become numbers; where a mask is named, it is number 0 and the others follow. */
const textInputSchema = z.object({
  /** What callers send: one text, or so many, per example. */
  shape: z.array(z.number().int().min(-1)).min(1).max(2),
  /** Absent: every text is one token. */
  tokenizer: tokenizerSchema.optional(),
  index: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('vocabulary'),
      mask: z.string().nullable(),
      /** How many numbers stand for tokens that the vocabulary does not have; they come before its own. */
      unknown: z.number().int().min(0),
      values: z.array(z.string()),
    }),
    z.object({
      kind: z.literal('hash'),
      mask: z.string().nullable(),
      bins: z.number().int().min(1),
      /** SipHash with this key, else FarmHash. */
      salt: z.tuple([z.number().int().min(0), z.number().int().min(0)]).nullable(),
    }),
  ]),
  output: z.enum(['index', 'one_hot', 'multi_hot', 'count']),
  /** Numbers per text, cut or filled with 0 (null: as many as the longest needs), or the length of a vector. */
  size: z.number().int().min(1).nullable(),
})
export type TextInput = z.infer<typeof textInputSchema>

/** From texts to numbers, by input; inputs that are not named take tensors. */
export const textPreprocessSchema = z.object({ kind: z.literal('text'), inputs: z.record(z.string(), textInputSchema) })
export type TextPreprocess = z.infer<typeof textPreprocessSchema>

export const preprocessSchema = z.discriminatedUnion('kind', [
  imagePreprocessSchema,
  tabularPreprocessSchema,
  textPreprocessSchema,
  tensorPreprocessSchema,
])
export type Preprocess = z.infer<typeof preprocessSchema>

const perChannel = ({ channels, mean, std }: ImagePreprocess, { addIssue }: z.RefinementCtx): void => {
  for (const [name, { length }] of Object.entries({ mean, std })) {
    if (length === 1 || length === channels) continue
    addIssue({
      code: 'custom',
      path: [name],
      message: `an image of ${channels} channels takes 1 or ${channels} numbers`,
    })
  }
}

/** As a person writes it: a key that is not known is a mistake, not something to leave out. */
export const givenPreprocessSchema = z.discriminatedUnion(
  'kind',
  [
    imagePreprocessSchema.strict().superRefine(perChannel),
    tabularPreprocessSchema.strict(),
    textPreprocessSchema.strict(),
    tensorPreprocessSchema.strict(),
  ],
  {
    error: ({ code }) =>
      code === 'invalid_union'
        ? 'kind must be image, tabular, text or tensor, e.g. {"kind":"image","height":32,"width":32,"channels":3}'
        : undefined,
  },
)

/** What callers send where it differs from what the model itself takes: texts in place of their numbers. */
export const servedSignature = (signature: Signature, preprocess: Preprocess): Signature => {
  if (preprocess.kind !== 'text') return signature
  const { inputs } = preprocess
  return {
    ...signature,
    inputs: signature.inputs.map((spec) => {
      const text = Object.hasOwn(inputs, spec.name) ? inputs[spec.name] : undefined
      return text ? { name: spec.name, dtype: 'string', shape: text.shape } : spec
    }),
  }
}
