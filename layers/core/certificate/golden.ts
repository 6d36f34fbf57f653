/** Golden tensors of a version: made from a seed or given by a person, stored as names and shapes beside their bytes. */
import {
  checked,
  defaultTolerance,
  type Golden,
  goldenSchema,
  mostGoldenBytes,
  type NamedTensors,
  type Signature,
  sizeOf,
  type TensorData,
  type TensorSpec,
} from '../contract/index.ts'
import { randomNumbers } from '../data/random.ts'
import { StorageError, TooLargeError, UnsupportedError } from '../errors.ts'

/** A certificate's golden half, in memory. */
export interface GoldenTensors {
  readonly golden: Golden
  readonly inputs: NamedTensors
  readonly outputs: NamedTensors
}

/** More than one, so that a model that mixes up rows is found out. */
const rows = 4
/** Stands for a dimension of any size. */
const anySize = 8

const bytesOfElement = { float32: 4, int32: 4, bool: 1, uint8: 1 } as const

/** Float values spread over -1..1, whole numbers 0 and 1, which every vocabulary has. UnsupportedError for text. */
export const generateInputs = ({ inputs }: Pick<Signature, 'inputs'>, seed: number): NamedTensors => {
  const next = randomNumbers(seed)
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape: [, ...rest] }) => {
      if (dtype === 'string') {
        throw new UnsupportedError(`input ${name} takes text, which golden tensors cannot hold`)
      }
      const shape = [rows, ...rest.map((size) => (size === -1 ? anySize : size))]
      const Values = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array
      const draw = dtype === 'float32' ? () => next() * 2 - 1 : () => Math.floor(next() * 2)
      return [name, { dtype, shape, data: new Values(sizeOf(shape)).map(draw) }]
    }),
  )
}

/** The same for all models, so that anybody can make the inputs again. */
const goldenSeed = 20_241_124

/** Generated inputs with the answers of the reference path. UnsupportedError for a model that takes text. */
export const generateGolden = async (
  signature: Signature,
  reference: (inputs: NamedTensors) => Promise<NamedTensors>,
  tolerance: number = defaultTolerance,
): Promise<GoldenTensors> => {
  const inputs = generateInputs(signature, goldenSeed)
  return describeGolden({ source: 'generated', seed: goldenSeed, tolerance }, inputs, await reference(inputs))
}

export const describeGolden = (
  about: Pick<Golden, 'source' | 'seed' | 'tolerance'>,
  inputs: NamedTensors,
  outputs: NamedTensors,
): GoldenTensors => ({
  golden: { schema: 1, ...about, inputs: specsOf(inputs), outputs: specsOf(outputs) },
  inputs,
  outputs,
})

const specsOf = (tensors: NamedTensors): TensorSpec[] =>
  Object.entries(tensors).map(([name, { dtype, shape }]) => ({ name, dtype, shape: [...shape] }))

const numeric = (name: string, { dtype, data }: TensorData): Uint8Array => {
  if (dtype === 'string' || !ArrayBuffer.isView(data)) {
    throw new UnsupportedError(`${name} holds text, which golden tensors cannot`)
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
}

/** Both files of the version. */
export const encodeGolden = (
  about: Pick<Golden, 'source' | 'seed' | 'tolerance'>,
  inputs: NamedTensors,
  outputs: NamedTensors,
): { readonly golden: Uint8Array; readonly values: Uint8Array } => {
  const { golden } = describeGolden(about, inputs, outputs)
  const parts = [...Object.entries(inputs), ...Object.entries(outputs)].map(([name, tensor]) => numeric(name, tensor))
  const size = parts.reduce((sum, { length }) => sum + length, 0)
  if (size > mostGoldenBytes) {
    throw new TooLargeError(
      `golden inputs and outputs have ${size} bytes, at most ${mostGoldenBytes} are kept; give fewer rows`,
      { param: 'golden' },
    )
  }
  return { golden: Buffer.from(`${JSON.stringify(golden, null, 2)}\n`), values: Buffer.concat(parts) }
}

/** StorageError when the two files do not belong together. */
export const decodeGolden = (text: Uint8Array, values: Uint8Array): GoldenTensors => {
  const golden = checked(goldenSchema, JSON.parse(Buffer.from(text).toString()), 'golden.json')
  let offset = 0
  const take = (specs: readonly TensorSpec[]): NamedTensors =>
    Object.fromEntries(
      specs.map(({ name, dtype, shape }) => {
        if (dtype === 'string') throw new StorageError(`golden.json: ${name} cannot hold text`)
        const length = sizeOf(shape) * bytesOfElement[dtype]
        const bytes = new Uint8Array(values.subarray(offset, offset + length))
        offset += length
        if (bytes.length !== length) throw new StorageError('golden.bin is cut short')
        const Values = dtype === 'float32' ? Float32Array : dtype === 'int32' ? Int32Array : Uint8Array
        return [name, { dtype, shape, data: new Values(bytes.buffer) }]
      }),
    )
  const tensors = { inputs: take(golden.inputs), outputs: take(golden.outputs) }
  if (offset !== values.length) throw new StorageError('golden.bin is longer than golden.json says')
  return { golden, ...tensors }
}
