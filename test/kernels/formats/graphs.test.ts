/** Graphs answer what Python TensorFlow answers. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { NamedTensors, TensorData } from '@maas/core/contract'
import { isGraph, readModel, type ServableArtifact } from '@maas/core/formats'
import { createPredictor } from '@maas/core/predict'
import { describe, expect, it } from 'vitest'
import { relativeError } from '../../../layers/core/graph/relative-error.ts'
import { disturbGraph } from '../../support/disturb-graph.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

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

/** A control must be rejected with room to spare, or a fixture proves little. */
const CLEARLY = 2

type Goldens = Readonly<Record<string, Golden>>

/** Answers of the model to the inputs. */
const answersOf = async (artifact: ServableArtifact, inputs: Goldens, kernels: NativeKernels) => {
  const predictor = await createPredictor({ name: 'graph', version: 1, artifact }, kernels)
  const tensors: NamedTensors = Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [name, toTensor(value)]),
  )
  try {
    return (await predictor.predict({ kind: 'tensors', tensors })).outputs
  } finally {
    predictor.dispose()
  }
}

/** Of the worst output; infinite when a shape or a text differs. */
const distance = (outputs: NamedTensors, wanted: Goldens): number =>
  Math.max(
    ...Object.entries(wanted).map(([name, { dtype, shape, data }]) => {
      const got = outputs[name]
      if (String(got?.shape) !== String(shape)) return Number.POSITIVE_INFINITY
      if (dtype === 'string') return String(got?.data) === String(data) ? 0 : Number.POSITIVE_INFINITY
      return relativeError(got?.data as Float32Array, data as number[])
    }),
  )

describe('a graph', () => {
  it.for(names)(
    'answers as in Python, and with other weights or on other inputs does not: %s',
    async (name, context) => {
      const kernels = await nativeKernels(context)
      const golden: Record<'inputs' | 'outputs', Goldens> = JSON.parse(readFileSync(`${folder}${name}.json`, 'utf8'))
      const { artifact } = await readModel(`${folder}${name}.zip`)
      const outputs = await answersOf(artifact, golden.inputs, kernels)
      expect(Object.keys(outputs).sort()).toEqual(Object.keys(golden.outputs).sort())
      expect(distance(outputs, golden.outputs)).toBeLessThanOrEqual(toleranceOf(name))
      const controls = {
        weights: distance(await answersOf(disturbed(artifact), golden.inputs, kernels), golden.outputs),
        inputs: distance(await answersOf(artifact, backwards(golden.inputs), kernels), golden.outputs),
      }
      expect(controls.weights).toBeGreaterThan(CLEARLY * toleranceOf(name))
      expect(controls.inputs).toBeGreaterThan(CLEARLY * toleranceOf(name))
    },
  )
})

/** The same numbers and texts, last first: a model whose answers are nearly all alike would not notice. */
const backwards = (inputs: Goldens): Goldens =>
  Object.fromEntries(
    Object.entries(inputs).map(([name, tensor]) => [name, { ...tensor, data: tensor.data.toReversed() as number[] }]),
  )

/** The same model with every weight moved. */
const disturbed = (artifact: ServableArtifact): ServableArtifact => {
  if (isGraph(artifact)) {
    const { graph, moved } = disturbGraph(artifact.graph)
    expect(moved).toBeGreaterThan(0)
    return { graph }
  }
  const weights = artifact.weights.map((weight) => {
    const values = new Float32Array(new Uint8Array(weight.data).buffer).map((value) => value * 1.1 + 0.05)
    return { ...weight, data: new Uint8Array(values.buffer) }
  })
  return { ...artifact, weights }
}
