/** A registry for the load: three kinds of models in several versions, one that is damaged, and what they are asked. */
import { toModelArtifact } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import sharp from 'sharp'
import { makeRegistry, rowsOf } from '../e2e/serve/running.ts'
import { asVersion, imagePreprocess, labels, tinyClassifier } from '../support/models.ts'
import type { Answer } from './client.ts'

/** One request, told apart by its name, and how to read the numbers of its answer. */
export interface Question {
  readonly name: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
  readonly numbers: (answer: Pick<Answer, 'body'>) => readonly number[]
}

/** 64 → 256 → 8. */
const dense = ({ tf }: Kernels) => {
  const initial = (seed: number) => tf.initializers.glorotUniform({ seed })
  const layers = [
    tf.layers.dense({ inputShape: [64], units: 256, activation: 'relu', kernelInitializer: initial(1) }),
    tf.layers.dense({ units: 8, activation: 'softmax', kernelInitializer: initial(2) }),
  ]
  return toModelArtifact(tf.sequential({ layers }))
}

/** The tutorial's net, 167,562 parameters. */
const cnn = ({ tf }: Kernels) => {
  const initial = (seed: number) => ({ kernelInitializer: tf.initializers.glorotUniform({ seed }) })
  const relu = { activation: 'relu' } as const
  const layers = [
    tf.layers.conv2d({ inputShape: [32, 32, 3], filters: 32, kernelSize: 3, ...relu, ...initial(1) }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.conv2d({ filters: 64, kernelSize: 3, ...relu, ...initial(2) }),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 64, ...relu, ...initial(3) }),
    tf.layers.dense({ units: 10, activation: 'softmax', ...initial(4) }),
  ]
  return toModelArtifact(tf.sequential({ layers }))
}

/** Of the model whose alias moves: enough that most are out of date at any moment. */
export const movingVersions = [1, 2, 3, 4] as const

/** `tiny` in four versions under the alias `production`, `cnn`, `dense`, and `broken`, whose weights are cut short. */
export const makeLoadRegistry = async () => {
  const made = await makeRegistry()
  const { registry, kernels } = made
  for (const seed of movingVersions.slice(2)) {
    await registry.register('tiny', asVersion(tinyClassifier(kernels, seed), { preprocess: imagePreprocess, labels }))
  }
  const preprocess = { ...imagePreprocess, height: 32, width: 32 }
  await registry.register('cnn', asVersion(cnn(kernels), { preprocess }))
  await registry.register('dense', asVersion(dense(kernels)))
  await registry.register('broken', asVersion(dense(kernels), { files: { 'weights.bin': new Uint8Array(12) } }))
  return made
}

const predictions = ({ body }: Pick<Answer, 'body'>): readonly number[] =>
  (JSON.parse(body.toString()) as { predictions: number[][] }).predictions.flat()

const json = (name: string, path: string, instances: unknown): Question => ({
  name,
  path,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(JSON.stringify({ instances })),
  numbers: predictions,
})

const picture = async (name: string, path: string, size: number): Promise<Question> => {
  const pixels = Buffer.from(Uint8Array.from({ length: size * size * 3 }, (_, at) => (at * 7919) % 251))
  const body = await sharp(pixels, { raw: { width: size, height: size, channels: 3 } })
    .jpeg()
    .toBuffer()
  return { name, path, body, headers: { 'content-type': 'image/jpeg' }, numbers: predictions }
}

const row = Float32Array.from({ length: 64 }, (_, i) => ((i * 37) % 64) / 64)

/** One tensor in, and the output as bytes behind JSON. */
const binary = (name: string, path: string, input: string, output: string): Question => {
  const size = { parameters: { binary_data_size: row.byteLength } }
  const inputs = [{ name: input, datatype: 'FP32', shape: [1, row.length], ...size }]
  const outputs = [{ name: output, parameters: { binary_data: true } }]
  const head = Buffer.from(JSON.stringify({ inputs, outputs }))
  return {
    name,
    path,
    body: Buffer.concat([head, Buffer.from(row.buffer)]),
    headers: {
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(head.length),
    },
    // Eight scores end the body.
    numbers: ({ body }) => [...new Float32Array(Uint8Array.from(body.subarray(-32)).buffer)],
  }
}

const moving = '/v1/models/tiny/labels/production:predict'
const pixels32 = Array.from({ length: 32 }, (_, y) =>
  Array.from({ length: 32 }, (_, x) => [0, 1, 2].map((c) => (((y * 96 + x * 3 + c) * 7919) % 251) / 250)),
)

/** `tensors`: what `dense` calls its input and its output. */
export const questionsAbout = async (tensors: {
  readonly input: string
  readonly output: string
}): Promise<readonly Question[]> => [
  json('8x8 classifier, one row of JSON', moving, rowsOf(1)),
  json('8x8 classifier, 16 rows of JSON', moving, rowsOf(16)),
  await picture('8x8 classifier, a JPEG', moving, 64),
  json('CIFAR-10 CNN, one row of JSON', '/v1/models/cnn:predict', [pixels32]),
  await picture('CIFAR-10 CNN, a JPEG', '/v1/models/cnn:predict', 32),
  json('dense, one row of JSON', '/v1/models/dense:predict', [[...row]]),
  binary('dense, one tensor of bytes', '/v2/models/dense/infer', tensors.input, tensors.output),
]

export const brokenQuestion = json('the damaged model', '/v1/models/broken:predict', [[...row]])
