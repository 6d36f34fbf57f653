/** The preprocessing spec: fitted by training or given at push, stored with the version, run by training and serving alike. */
import { z } from 'zod'

const sizeSchema = z.object({ height: z.number().int().min(1).max(4096), width: z.number().int().min(1).max(4096) })

/** From an encoded image to one float32 row of `[height, width, channels]`. */
export const imagePreprocessSchema = z.object({
  kind: z.literal('image'),
  ...sizeSchema.shape,
  channels: z.union([z.literal(1), z.literal(3)]),
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

export const preprocessSchema = z.discriminatedUnion('kind', [
  imagePreprocessSchema,
  tabularPreprocessSchema,
  tensorPreprocessSchema,
])
export type Preprocess = z.infer<typeof preprocessSchema>
