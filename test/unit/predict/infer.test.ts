import type { InferInput, InferRequest } from '@maas/core/contract'
import {
  decodeInfer,
  decodeRaw,
  encodeInfer,
  type PredictInput,
  type ServedModel,
  splitBody,
  toByteStrings,
  wantedOutputs,
} from '@maas/core/predict'
import { describe, expect, it } from 'vitest'

const modelOf = (over: Partial<ServedModel> = {}): ServedModel => ({
  name: 'm',
  version: 1,
  preprocess: { kind: 'tensor' },
  labels: [],
  bytes: 1,
  signature: {
    inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 2] }],
  },
  ...over,
})
const typed = (dtype: 'float32' | 'int32' | 'uint8' | 'bool' | 'string') =>
  modelOf({ signature: { ...modelOf().signature, inputs: [{ name: 'x', dtype, shape: [-1, 2] }] } })
const image = modelOf({
  preprocess: { kind: 'image', height: 1, width: 2, channels: 1 } as ServedModel['preprocess'],
  signature: { ...modelOf().signature, inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 1, 2, 1] }] },
})

const request = (input: Partial<InferInput>, over: Partial<InferRequest> = {}): InferRequest => ({
  inputs: [{ name: 'x', shape: [1, 2], datatype: 'FP32', ...input }],
  ...over,
})
const decode = (input: Partial<InferInput>, tail: Uint8Array = new Uint8Array(), model = modelOf()) =>
  decodeInfer(request(input), tail, model, 4)
const dataOf = (input: PredictInput) => (input.kind === 'tensors' ? [...(input.tensors.x?.data ?? [])] : input)
const bytesOf = (data: ArrayBufferView) => new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength)
const binary = (datatype: string, bytes: Uint8Array, model = modelOf()) =>
  decode({ datatype, parameters: { binary_data_size: bytes.byteLength } }, bytes, model)

describe('tensors in JSON', () => {
  it('may be flat or nested', () => {
    expect(dataOf(decode({ data: [1, 2] }))).toEqual([1, 2])
    expect(dataOf(decode({ data: [[1, 2]] }))).toEqual([1, 2])
  })

  it.each<[Partial<InferInput>, string]>([
    [{ data: [1] }, 'inputs[0].data: got 1 values; the shape [1, 2] holds 2'],
    [{ data: [[1], [2]] }, 'inputs[0].data: got a list of 2 at depth 0'],
    [{ data: [[1, [2]]] }, 'FP32 takes finite numbers'],
    [{ data: [1, 'a'] }, 'got "a" at position 1; FP32 takes finite numbers'],
    [{ data: [1, 1e39] }, 'got 1e+39 at position 1'],
    [{}, 'inputs[0].data: is missing'],
    [{ data: [1, 2], parameters: { binary_data_size: 0 } }, 'give one of the two'],
    [{ data: [1, 2], datatype: 'FP8' }, 'inputs[0].datatype: got "FP8"; the datatypes are BOOL, UINT8'],
    [{ data: [1, 2], name: 'z' }, 'inputs[0].name: got "z"; this model takes "x"'],
    [{ data: [], shape: [0, 2] }, 'none may be 0'],
    [{ data: [1, 2], shape: [5, 2] }, 'got 5 rows; at most 4'],
    [
      { data: [1, 0.1], datatype: 'FP64' },
      'got 0.1 at position 1 as FP64; this input is FP32, which does not hold it exactly',
    ],
    [{ data: [1, 2], datatype: 'BYTES' }, 'got the datatype BYTES; this input takes FP32'],
  ])('%j is refused', (input, message) => {
    expect(() => decode(input)).toThrow(message)
  })

  it('are refused where a state or shared memory would be needed', () => {
    expect(() =>
      decodeInfer(request({ data: [1, 2] }, { parameters: { sequence_id: 7 } }), new Uint8Array(), modelOf(), 4),
    ).toThrow('stateless')
    expect(() => decode({ data: [1, 2], parameters: { shared_memory_region: 'a' } })).toThrow('shares no memory')
  })
})

describe('datatypes', () => {
  it.each<[string, ArrayBufferView, Parameters<typeof typed>[0], number[]]>([
    ['FP32', Float32Array.of(0.1, -3), 'float32', [Math.fround(0.1), -3]],
    ['FP16', Uint16Array.of(0x3c00, 0xc248), 'float32', [1, -3.140625]],
    ['FP64', Float64Array.of(0.5, -3), 'float32', [0.5, -3]],
    ['INT8', Int8Array.of(-128, 127), 'float32', [-128, 127]],
    ['INT16', Int16Array.of(-32768, 5), 'int32', [-32768, 5]],
    ['INT32', Int32Array.of(-5, 2147483647), 'int32', [-5, 2147483647]],
    ['INT64', BigInt64Array.of(-5n, 7n), 'int32', [-5, 7]],
    ['UINT8', Uint8Array.of(0, 255), 'uint8', [0, 255]],
    ['UINT16', Uint16Array.of(0, 65535), 'int32', [0, 65535]],
    ['UINT32', Uint32Array.of(0, 9), 'int32', [0, 9]],
    ['UINT64', BigUint64Array.of(0n, 9n), 'uint8', [0, 9]],
    ['BOOL', Uint8Array.of(0, 2), 'bool', [0, 1]],
  ])('%s is read from bytes and from JSON', (datatype, bytes, dtype, expected) => {
    expect(dataOf(binary(datatype, bytesOf(bytes), typed(dtype)))).toEqual(expected)
    const values = datatype === 'BOOL' ? [false, true] : Array.from(bytes as unknown as number[], Number)
    const asJson = datatype === 'FP16' ? [1, -3.140625] : values
    expect(dataOf(decode({ datatype, data: asJson }, new Uint8Array(), typed(dtype)))).toEqual(expected)
  })

  it('BYTES are length and bytes, and must be UTF-8 for a model of texts', () => {
    expect(dataOf(binary('BYTES', toByteStrings(['é', '']), typed('string')))).toEqual(['é', ''])
    expect(() => binary('BYTES', Uint8Array.of(1, 0, 0, 0, 0xff, 0, 0, 0, 0), typed('string'))).toThrow(
      'element 0 is not UTF-8',
    )
    expect(() => binary('BYTES', Uint8Array.of(9, 0, 0, 0, 1), typed('string'))).toThrow('says 9 bytes; 1 are left')
    expect(() => binary('BYTES', Uint8Array.of(9, 0), typed('string'))).toThrow('says no length')
  })

  it.each<[string, ArrayBufferView, Parameters<typeof typed>[0]]>([
    ['INT32', Int32Array.of(1, 16777217), 'float32'],
    ['INT64', BigInt64Array.of(1n, 2147483648n), 'int32'],
    ['INT16', Int16Array.of(1, 256), 'uint8'],
    ['FP32', Float32Array.of(1, 1.5), 'int32'],
  ])('a value of %s that the model’s type does not hold exactly is refused', (datatype, bytes, dtype) => {
    expect(() => binary(datatype, bytesOf(bytes), typed(dtype))).toThrow('does not hold it exactly')
  })
})

describe('bytes behind the JSON', () => {
  it('are split by the header', () => {
    const body = Buffer.from('{}abc')
    expect(splitBody(body, null).tail).toHaveLength(0)
    expect(Buffer.from(splitBody(body, '2').tail).toString()).toBe('abc')
    expect(splitBody(body, '0').json).toBeUndefined()
    for (const wrong of ['6', '-1', 'x', '1.5', ''])
      expect(() => splitBody(body, wrong)).toThrow('number of bytes of JSON')
  })

  it('must fit the shape, and none may be left over', () => {
    expect(() => binary('FP32', new Uint8Array(4))).toThrow('got 4 bytes; FP32 of the shape [1, 2] has 8')
    expect(() => decode({ parameters: { binary_data_size: 9 } }, new Uint8Array(8))).toThrow('got 9; 8 bytes are left')
    expect(() => decode({ parameters: { binary_data_size: 8 } }, new Uint8Array(9))).toThrow('1 bytes are left over')
  })

  it('may be unaligned', () => {
    const body = new Uint8Array(9)
    body.set(bytesOf(Float32Array.of(1, 2)), 1)
    expect(dataOf(binary('FP32', body.subarray(1)))).toEqual([1, 2])
  })
})

describe('a body without JSON', () => {
  it('is the only input of one example', () => {
    expect(dataOf(decodeRaw(bytesOf(Float32Array.of(1, 2)), modelOf()))).toEqual([1, 2])
    expect(() => decodeRaw(new Uint8Array(7), modelOf())).toThrow('got 7 bytes; one FP32 of the shape [1, 2] has 8')
  })

  it('is an image where the model takes images and it is no tensor', () => {
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff)
    expect(decodeRaw(jpeg, image)).toEqual({ kind: 'images', images: [jpeg] })
    expect(decodeRaw(bytesOf(Float32Array.of(1, 2)), image)).toMatchObject({ kind: 'tensors' })
  })
})

describe('images as BYTES', () => {
  it('come as bytes, as base64 and as data URLs; addresses are not followed', () => {
    const file = Uint8Array.of(1, 2, 3)
    const framed = Buffer.concat([Uint8Array.of(3, 0, 0, 0), file])
    const images = { kind: 'images', images: [Buffer.from(file)] }
    const input = (data: unknown[]) => decode({ datatype: 'BYTES', shape: [1], data }, new Uint8Array(), image)
    expect(decode({ datatype: 'BYTES', shape: [1], parameters: { binary_data_size: 7 } }, framed, image)).toMatchObject(
      images,
    )
    expect(input(['AQID'])).toEqual(images)
    expect(input(['data:image/png;base64,AQID'])).toEqual(images)
    for (const text of [
      'http://169.254.169.254/',
      'file:///etc/passwd',
      's3://b/k',
      'data:text/html;base64,AQID',
      '!',
    ]) {
      expect(() => input([text])).toThrow('inputs[0].data[0]: got')
    }
  })
})

describe('outputs', () => {
  const prediction = {
    model: modelOf({ labels: ['cat', 'dog'] }),
    outputs: { y: { dtype: 'float32' as const, shape: [2, 2], data: Float32Array.of(0.25, 0.75, 1, 0) } },
  }

  it('are values in JSON, with the id given back', () => {
    const { response, tail } = encodeInfer(prediction, wantedOutputs(undefined, prediction.model), 'abc')
    expect(response).toEqual({
      model_name: 'm',
      model_version: '1',
      id: 'abc',
      outputs: [{ name: 'y', datatype: 'FP32', shape: [2, 2], data: [0.25, 0.75, 1, 0] }],
    })
    expect(tail).toEqual([])
  })

  it('are bytes when all, or this one, is asked for as bytes', () => {
    const all = wantedOutputs(request({}, { parameters: { binary_data_output: true } }), prediction.model)
    const { response, tail } = encodeInfer(prediction, all, undefined)
    expect(response.outputs).toEqual([
      { name: 'y', datatype: 'FP32', shape: [2, 2], parameters: { binary_data_size: 16 } },
    ])
    expect(Buffer.concat(tail)).toEqual(Buffer.from(prediction.outputs.y.data.buffer))
    const not = request(
      {},
      { parameters: { binary_data_output: true }, outputs: [{ name: 'y', parameters: { binary_data: false } }] },
    )
    expect(wantedOutputs(not, prediction.model)).toEqual([{ name: 'y', binary: false }])
  })

  it('are the best classes when those are asked for', () => {
    const wanted = wantedOutputs(
      request({}, { outputs: [{ name: 'y', parameters: { classification: 5 } }] }),
      prediction.model,
    )
    expect(encodeInfer(prediction, wanted, undefined).response.outputs).toEqual([
      { name: 'y', datatype: 'BYTES', shape: [2, 2], data: ['0.75:1:dog', '0.25:0:cat', '1:0:cat', '0:1:dog'] },
    ])
  })

  it('must exist and be finite in JSON', () => {
    expect(() => wantedOutputs(request({}, { outputs: [{ name: 'z' }] }), prediction.model)).toThrow(
      'outputs[0].name: got "z"; this model answers "y"',
    )
    const broken = {
      ...prediction,
      outputs: { y: { ...prediction.outputs.y, data: Float32Array.of(1, 2, 3, Number.NaN) } },
    }
    expect(() => encodeInfer(broken, [{ name: 'y', binary: false }], undefined)).toThrow('The model answers NaN')
    expect(encodeInfer(broken, [{ name: 'y', binary: true }], undefined).tail).toHaveLength(1)
  })
})
