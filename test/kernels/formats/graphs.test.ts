/** Graphs answer what Python TensorFlow answers. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { NamedTensors, TensorData } from '@maas/core/contract'
import { readModel } from '@maas/core/formats'
import { createPredictor } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'
import { relativeError } from '../../../layers/core/graph/relative-error.ts'
import { nativeKernels } from '../native.ts'

const folder = fileURLToPath(new URL('../../fixtures/graphs/', import.meta.url))
const names = readdirSync(folder).flatMap((file) => (file.endsWith('.json') ? [file.slice(0, -5)] : []))

interface Golden {
  readonly dtype: string
  readonly shape: number[]
  readonly data: number[] | string[]
}

const toTensor = ({ dtype, shape, data }: Golden): TensorData => {
  if (dtype === 'string') return { dtype, shape, data: data as string[] }
  if (dtype === 'float32') return { dtype, shape, data: Float32Array.from(data as number[]) }
  return { dtype: 'int32', shape, data: Int32Array.from(data as number[]) }
}

/** Against the exact weights: what was quantised on the way differs by what quantising takes. */
const toleranceOf = (name: string): number =>
  name.endsWith('uint8') ? 2e-2 : name.endsWith('float16') ? 2e-3 : name.endsWith('uint16') ? 1e-4 : 1e-5

describe('a graph', () => {
  it.for(names)('answers as in Python: %s', async (name, context) => {
    const kernels = await nativeKernels(context)
    const golden = JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8')) as Record<
      'inputs' | 'outputs',
      Record<string, Golden>
    >
    const { artifact } = await readModel(`${folder}${name}.zip`)
    const predictor = await createPredictor({ name: 'graph', version: 1, artifact }, kernels)
    const tensors: NamedTensors = Object.fromEntries(
      Object.entries(golden.inputs).map(([input, value]) => [input, toTensor(value)]),
    )
    const { outputs } = await predictor.predict({ kind: 'tensors', tensors })
    for (const [output, expected] of Object.entries(golden.outputs)) {
      const got = outputs[output] as TensorData
      expect(got.shape).toEqual(expected.shape)
      if (expected.dtype === 'string') {
        expect(got.data).toEqual(expected.data)
        continue
      }
      const [values, wanted] = [got.data as Float32Array, expected.data as number[]]
      expect(relativeError(values, wanted)).toBeLessThanOrEqual(toleranceOf(name))
      // The comparison sees a change of a thousandth of the tolerance's own scale.
      expect(
        relativeError(
          values,
          wanted.map((value, at) => value + (at === 0 ? 0.05 * (Math.abs(value) + 1) : 0)),
        ),
      ).toBeGreaterThan(toleranceOf(name))
    }
    predictor.dispose()
  })
})
