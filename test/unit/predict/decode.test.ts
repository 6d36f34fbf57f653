import { MaasError } from '@maas/core/errors'
import { decodePredict, decodeRows, type ServedModel } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'

const served = (over: Partial<ServedModel> = {}): ServedModel => ({
  name: 'm',
  version: 1,
  signature: {
    inputs: [{ name: 'x', dtype: 'float32', shape: [-1, 2] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
  },
  preprocess: { kind: 'tensor' },
  labels: [],
  bytes: 0,
  ...over,
})
const twoInputs = served({
  signature: {
    inputs: [
      { name: 'a', dtype: 'int32', shape: [-1] },
      { name: 'b', dtype: 'bool', shape: [-1, 1] },
    ],
    outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 1] }],
  },
})
const image = served({
  signature: {
    inputs: [{ name: 'pixels', dtype: 'float32', shape: [-1, 1, 1, 3] }],
    outputs: [{ name: 'y', dtype: 'float32', shape: [-1, 2] }],
  },
  preprocess: {
    kind: 'image',
    height: 1,
    width: 1,
    channels: 3,
    decoder: 'integer-accurate',
    exif: 'apply',
    alpha: 'black',
    crop: 'stretch',
    interpolation: 'bilinear',
    antialias: true,
    scale: 1 / 255,
    mean: [0],
    std: [1],
    layout: 'nhwc',
  },
})
const table = served({
  preprocess: {
    kind: 'tabular',
    columns: [
      { name: 'age', type: 'number', mean: 0, std: 1 },
      { name: 'x', type: 'number', mean: 0, std: 1 },
    ],
  },
})
const tensorOf = (request: object, model = served()) => {
  const { input } = decodePredict(request, model, 100)
  if (input.kind !== 'tensors') throw new Error(`got ${input.kind}`)
  return input.tensors
}
const refusal = (request: object, model = served(), maxRows = 100) => {
  try {
    decodePredict(request, model, maxRows)
  } catch (error) {
    return error as MaasError
  }
  throw new Error('was taken')
}

describe('row form', () => {
  it('takes bare values for the only input', () => {
    expect(
      tensorOf({
        instances: [
          [1, 2],
          [3, 4],
        ],
      }),
    ).toEqual({
      x: { dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
    })
  })

  it('takes objects by input name, for one input and for several', () => {
    expect(tensorOf({ instances: [{ x: [1, 2] }] }).x?.shape).toEqual([1, 2])
    expect(
      tensorOf(
        {
          instances: [
            { a: 7, b: [true] },
            { b: [false], a: -8 },
          ],
        },
        twoInputs,
      ),
    ).toEqual({
      a: { dtype: 'int32', shape: [2], data: Int32Array.of(7, -8) },
      b: { dtype: 'bool', shape: [2, 1], data: Uint8Array.of(1, 0) },
    })
  })

  it('takes open sizes from the first example and holds all others to it', () => {
    const open = served({
      signature: { ...served().signature, inputs: [{ name: 'x', dtype: 'float32', shape: [-1, -1] }] },
    })
    expect(
      tensorOf(
        {
          instances: [
            [1, 2, 3],
            [4, 5, 6],
          ],
        },
        open,
      ).x?.shape,
    ).toEqual([2, 3])
    expect(
      refusal(
        {
          instances: [
            [1, 2, 3],
            [4, 5],
          ],
        },
        open,
      ).message,
    ).toContain('instances[1]: got a list of 2')
  })
})

describe('column form', () => {
  it('takes the whole batch, bare or by name', () => {
    expect(
      tensorOf({
        inputs: [
          [1, 2],
          [3, 4],
        ],
      }).x?.shape,
    ).toEqual([2, 2])
    expect(tensorOf({ inputs: { x: [[1, 2]] } }).x?.shape).toEqual([1, 2])
    expect(tensorOf({ inputs: { a: [1, 2], b: [[true], [true]] } }, twoInputs).b?.shape).toEqual([2, 1])
  })

  it('refuses inputs of different length', () => {
    const error = refusal({ inputs: { a: [1, 2], b: [[true]] } }, twoInputs)
    expect(error.message).toBe('inputs.b: got 1 examples; inputs.a has 2, and all inputs need as many.')
  })
})

describe('encoded images', () => {
  const b64 = Buffer.from('not looked at here').toString('base64')

  it('are found bare, by input name, and in columns', () => {
    for (const request of [
      { instances: [{ b64 }] },
      { instances: [{ pixels: { b64 } }] },
      { inputs: [{ b64 }] },
      { inputs: { pixels: [{ b64 }] } },
    ]) {
      const { input } = decodePredict(request, image, 100)
      expect(input).toEqual({ kind: 'images', images: [Buffer.from(b64, 'base64')] })
    }
  })

  it('may not be mixed with tensors, and must be base64', () => {
    expect(refusal({ instances: [{ b64 }, [[[1, 2, 3]]]] }, image).message).toContain('instances[1]: got a list of 1')
    expect(refusal({ instances: [{ b64: '***' }] }, image).param).toBe('instances[0]')
    expect(refusal({ instances: [{ b64: '' }] }, image).param).toBe('instances[0]')
  })

  it('are no rows of a model without image preprocessing', () => {
    expect(refusal({ instances: [{ b64 }] }).message).toContain('got an input "b64"; this model takes "x"')
  })
})

describe('table rows', () => {
  it('are objects by column, also when a column is called like the input', () => {
    const { input } = decodePredict({ instances: [{ age: 3, x: 4 }] }, table, 100)
    expect(input).toEqual({ kind: 'rows', rows: [{ age: 3, x: 4 }] })
  })

  it('come in columns too', () => {
    const { input } = decodePredict({ inputs: { age: [3, 5], x: [4, 6] } }, table, 100)
    expect(input).toEqual({
      kind: 'rows',
      rows: [
        { age: 3, x: 4 },
        { age: 5, x: 6 },
      ],
    })
    expect(refusal({ inputs: { age: [3, 5], y: [4] } }, table).param).toBe('inputs.y')
  })

  it('leave encoded tensors alone', () => {
    expect(tensorOf({ instances: [[3, 4]] }, table).x?.shape).toEqual([1, 2])
    expect(tensorOf({ instances: [{ x: [3, 4] }] }, table).x?.shape).toEqual([1, 2])
  })
})

describe('what is refused', () => {
  it.each([
    [
      'a text',
      { instances: [[1, 'a']] },
      'instances[0][1]: got "a", a text; the input "x" takes finite numbers (float32) in the shape [any, 2].',
    ],
    ['NaN as a text', { instances: [[1, 'NaN']] }, 'instances[0][1]: got "NaN", a text'],
    ['a number beyond float32', { instances: [[1, 1e39]] }, 'instances[0][1]: got 1e+39, which is too large'],
    ['1e999, which JSON reads as Infinity', JSON.parse('{"instances": [[1, 1e999]]}'), 'instances[0][1]: got Infinity'],
    ['null', { instances: [[1, null]] }, 'instances[0][1]: got null'],
    ['a boolean', { instances: [[1, true]] }, 'instances[0][1]: got true'],
    [
      'a row that is too short',
      { instances: [[1, 2], [1]] },
      'instances[1]: got a list of 1; the input "x" takes a list of 2 here',
    ],
    [
      'a value where a list belongs',
      { instances: [[1, 2], 3] },
      'instances[1]: got 3; the input "x" takes a list of 2 here',
    ],
    [
      'a list where a value belongs',
      { instances: [[1, [2]]] },
      'instances[0][1]: got a list of 1 where one value belongs',
    ],
    ['an unknown input', { instances: [{ z: [1, 2] }] }, 'instances[0]: got an input "z"; this model takes "x".'],
    ['an unknown input in columns', { inputs: { z: [[1, 2]] } }, 'inputs: got an input "z"'],
    ['an empty batch', { instances: [] }, 'instances: got an empty list; send at least one example.'],
    ['an empty column', { inputs: { x: [] } }, 'inputs.x: got an empty list'],
    ['both forms', { instances: [[1, 2]], inputs: [[1, 2]] }, 'Give exactly one of "instances"'],
    ['neither form', {}, 'got neither'],
  ])('%s', (_, request, message) => {
    const error = refusal(request)
    expect(error.message).toContain(message)
    expect(error.code).toBe('invalid_input')
  })

  it('missing inputs, by name', () => {
    expect(refusal({ instances: [{ a: 1 }] }, twoInputs).message).toContain(
      'the input "b" is missing; this model takes "a", "b"',
    )
    expect(refusal({ instances: [1] }, twoInputs).message).toContain('takes an object with "a", "b"')
    expect(refusal({ inputs: [1] }, twoInputs).message).toContain('takes an object with "a", "b"')
  })

  it('fractions and overflow in whole numbers, numbers in bools', () => {
    expect(refusal({ instances: [{ a: 1.5, b: [true] }] }, twoInputs).param).toBe('instances[0].a')
    expect(refusal({ instances: [{ a: 2 ** 31, b: [true] }] }, twoInputs).message).toContain('whole numbers (int32)')
    expect(refusal({ instances: [{ a: 1, b: [1] }] }, twoInputs).message).toContain('true and false (bool)')
  })

  it('more examples than allowed', () => {
    const error = refusal(
      {
        instances: [
          [1, 2],
          [1, 2],
          [1, 2],
        ],
      },
      served(),
      2,
    )
    expect(error.code).toBe('too_large')
    expect(error.message).toContain('got 3 examples; at most 2')
  })

  it('names of object prototypes', () => {
    expect(refusal(JSON.parse('{"instances": [{"__proto__": [1, 2]}]}')).message).toContain('got an input "__proto__"')
    expect(refusal({ instances: [{ constructor: [1, 2] }] }).message).toContain('got an input "constructor"')
  })

  it('deep nesting, without following it down', () => {
    const depth = 100_000
    const deep = JSON.parse(`{"instances": ${'['.repeat(depth)}${']'.repeat(depth)}}`)
    expect(refusal(deep)).toBeInstanceOf(MaasError)
  })
})

it('names the field that the caller used', () => {
  expect(() => decodeRows([[1]], served(), 10, 'examples')).toThrow('examples[0]: got a list of 1')
})
