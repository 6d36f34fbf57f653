import { copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { MaasError } from '@maas/core/errors'
import { zipSync } from 'fflate'
import { describe, expect, it } from 'vitest'
import { asFile, asFolder, asTar, fixture, read, temporaryFolder } from './helpers.ts'

/** A .npy file as NumPy writes it. */
function npy(
  shape: readonly number[],
  values: Float32Array | Float64Array | Int32Array | Uint8Array | BigInt64Array,
): Buffer {
  const type = { Float32Array: '<f4', Float64Array: '<f8', Int32Array: '<i4', Uint8Array: '|u1', BigInt64Array: '<i8' }
  const descr = type[values.constructor.name as keyof typeof type]
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(', ')}${shape.length === 1 ? ',' : ''}), }`
  const header = `${text.padEnd(117)}\n`
  const start = Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length, 0])
  return Buffer.concat([start, Buffer.from(header), Buffer.from(values.buffer, values.byteOffset, values.byteLength)])
}
const npz = (arrays: Readonly<Record<string, Buffer>>) =>
  asFile('data.npz', zipSync(Object.fromEntries(Object.entries(arrays).map(([name, bytes]) => [`${name}.npy`, bytes]))))
const refusalOf = async (location: string, options = {}) => {
  const refusal = await read(location, options).catch((error: unknown) => error)
  expect(refusal).toBeInstanceOf(MaasError)
  return String(refusal)
}

describe('readDataSet on NumPy arrays', () => {
  it('reads bytes of pictures from a compressed .npz as images', async () => {
    const { task, labels, train, test, preprocess, report } = await read(fixture('images.npz'))
    expect([task, labels, train.rowShape, report.format]).toEqual(['classification', ['0', '1', '2'], [4, 5, 3], 'npz'])
    expect([train.examples, test.examples, train.features.constructor]).toEqual([9, 3, Uint8Array])
    expect([...train.targets, ...test.targets]).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2])
    expect(preprocess).toMatchObject({ kind: 'image', height: 4, width: 5, channels: 3, scale: 1 / 255 })
    expect(report.warnings.join()).toContain('y_train holds whole numbers, taken as classes; set task to change it')
  })

  it('reads doubles as float rows and fractions as regression', async () => {
    const { task, labels, train, preprocess } = await read(fixture('floats.npz'))
    expect([task, labels, train.rowShape, train.features.constructor]).toEqual(['regression', [], [6], Float32Array])
    expect([...train.targets]).toEqual([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5])
    expect(preprocess).toEqual({ kind: 'tensor' })
  })

  it('reads one-hot rows as classes', async () => {
    const { labels, train } = await read(fixture('one-hot.npz'))
    expect([labels, [...train.targets]]).toEqual([
      ['0', '1', '2', '3'],
      [0, 1, 2, 3, 0, 1, 2, 3],
    ])
  })

  it('gives the same from a .npz, a folder of .npy files and a tar of them', async () => {
    const arrays = {
      'x_train.npy': npy([3, 2], Float32Array.from([1, 2, 3, 4, 5, 6])),
      'y_train.npy': npy([3], BigInt64Array.from([0n, 1n, 0n])),
      'x_val.npy': npy([1, 2], Float32Array.from([7, 8])),
      'y_val.npy': npy([1, 1], BigInt64Array.from([1n])),
    }
    const all = await Promise.all([asFile('a.npz', zipSync(arrays)), asFolder(arrays), asTar(arrays)])
    const sets = await Promise.all(all.map((location) => read(location)))
    for (const { report, train, validation } of sets) {
      expect([...train.features, ...validation.features]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      expect([...train.targets, ...validation.targets]).toEqual([0, 1, 0, 1])
      expect(report.fingerprint).toBe(sets[0]?.report.fingerprint)
    }
  })

  it('keeps class numbers that do not start at 0 as names', async () => {
    const { labels, train } = await read(
      await npz({ x: npy([3, 1], Float32Array.from([1, 2, 3])), y: npy([3], Int32Array.from([7, -1, 7])) }),
    )
    expect([labels, [...train.targets]]).toEqual([
      ['-1', '7'],
      [1, 0, 1],
    ])
  })

  it('splits by seed and class', async () => {
    const location = await npz({
      x: npy(
        [20, 1],
        Float32Array.from({ length: 20 }, (_, row) => row),
      ),
      y: npy(
        [20],
        Int32Array.from({ length: 20 }, (_, row) => row % 2),
      ),
    })
    const { train, test, report } = await read(location, { testSplit: 0.2 })
    expect(report.balance.test).toEqual([2, 2])
    expect([...train.features, ...test.features].sort((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, row) => row),
    )
    for (const [row, target] of test.targets.entries()) expect((test.features[row] ?? 0) % 2).toBe(target)
  })

  it('takes the test part from a location of its own', async () => {
    const arrays = (first: number) => ({
      x: npy([2, 1], Float32Array.from([first, first + 1])),
      y: npy([2], Int32Array.from([0, 1])),
    })
    const { train, test } = await read(await npz(arrays(1)), {}, { test: await npz(arrays(5)) })
    expect([...train.features, ...test.features]).toEqual([1, 2, 5, 6])
  })

  const x = npy([2, 1], Float32Array.from([1, 2]))
  it.each([
    [
      'an array in Fortran order',
      () => fixture('fortran.npz'),
      'x is in Fortran order. Save it with numpy.ascontiguousarray(x)',
    ],
    ['channels first', () => fixture('channels-first.npz'), 'channels first. Put them last: x.transpose(0, 2, 3, 1)'],
    [
      'NaN',
      () => npz({ x: npy([2, 1], Float32Array.from([1, Number.NaN])), y: npy([2], Int32Array.from([0, 1])) }),
      'x[1] holds NaN',
    ],
    ['rows without targets', () => npz({ x, y: npy([3], Int32Array.from([0, 1, 0])) }), 'x has 2 rows and y 3'],
    [
      'names it does not know',
      () => npz({ features: x }),
      "has arrays 'features'. Needed for train: x_train and y_train, or x and y",
    ],
    ['one class', () => npz({ x, y: npy([2], Int32Array.from([1, 1])) }), 'y has one class only, 1'],
    [
      'targets of several columns',
      () => npz({ x, y: npy([2, 2], Float32Array.from([0.5, 1, 2, 3])) }),
      'Allowed: one target per row',
    ],
    [
      'an array that is cut off',
      () => npz({ x: x.subarray(0, x.length - 3), y: x }),
      'x is damaged: 5 bytes of values where its shape needs 8',
    ],
    ['text', () => npz({ x: Buffer.from('hello'), y: x }), 'x is not a NumPy array file'],
  ])('refuses %s', async (_, make, said) => {
    expect(await refusalOf(await make())).toContain(said)
  })

  it('refuses big-endian and text types, and says how to convert', async () => {
    for (const type of ['>f4', '<U3', '|O', '<f2']) {
      const bytes = Buffer.from(x.toString('latin1').replace("'<f4'", `'${type}'`), 'latin1')
      expect(await refusalOf(await npz({ x: bytes, y: x }))).toContain(
        `x has type ${type}. Allowed: bool, integers, float32 and float64`,
      )
    }
  })

  it('refuses another image size than the arrays have', async () => {
    expect(await refusalOf(fixture('images.npz'), { imageSize: { height: 8, width: 8 } })).toContain(
      '5 x 4 pixels with 3 channels and are not resized',
    )
  })

  it('asks for targets when given one .npy alone', async () => {
    const folder = await temporaryFolder()
    await copyFile(await asFile('x.npy', x), join(folder, 'x.npy'))
    expect(await refusalOf(join(folder, 'x.npy'))).toContain('Needed for train: x_train and y_train, or x and y')
  })
})
