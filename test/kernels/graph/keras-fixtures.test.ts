/** Models that Python Keras wrote, compiled: the same numbers as tfjs gives eagerly, or a refusal by name. */
import type { NamedTensors, Preprocess } from '@maas/core/contract'
import { UnsupportedError } from '@maas/core/errors'
import { readKerasArchive, readKerasH5, signatureOf, toLayersModel } from '@maas/core/formats'
import { compileInference, openSession } from '@maas/core/graph'
import type { Tensor } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { afterAll, describe, expect, it } from 'vitest'
import { relativeError } from '../../../layers/core/graph/relative-error.ts'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { type Expected, expectedOf, kerasFixture, kerasFixtures } from '../../support/keras-fixtures.ts'
import { disturb, encoded, otherOrders } from '../../support/keras-measure.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

/** All of them (`MAAS_TEST_ALL_FIXTURES=1`) take five minutes; `=5` takes every fifth. */
const step = Number(process.env.MAAS_TEST_ALL_FIXTURES ?? 40)

/** What compiling may refuse a model for that tfjs runs. */
const reasons = /free in the batch size only|is string|compiled (models|graphs) (take|carry|do not use)|reads the value/

interface Imported {
  readonly model: LayersModel
  /** Of what Keras was asked, texts as numbers. */
  readonly tensorsOf: (inputs: Expected['inputs']) => NamedTensors
}

const importOf = async (kernels: NativeKernels, keras: 2 | 3, name: string): Promise<Imported | undefined> => {
  const read = name.endsWith('.h5') ? readKerasH5 : readKerasArchive
  try {
    const { artifact, preprocess } = await read(await kerasFixture(keras, name), { name, readHdf5: readHdf5Here })
    const model = await toLayersModel(artifact, kernels)
    return { model, tensorsOf: (inputs) => tensorsOf(model, inputs, preprocess) }
  } catch {
    // What cannot be imported is another test's matter.
    return undefined
  }
}

const arrays = { int32: Int32Array, bool: Uint8Array }

const tensorsOf = (model: LayersModel, inputs: Expected['inputs'], preprocess?: Preprocess): NamedTensors => {
  const feeds = encoded(model, inputs, preprocess)
  return Object.fromEntries(
    signatureOf(model).inputs.map(({ name, dtype }, index) => {
      const { shape, data } = feeds[index] as (typeof feeds)[number]
      const numbers = arrays[dtype as keyof typeof arrays] ?? Float32Array
      return [name, { dtype, shape, data: numbers.from(data as ArrayLike<number>) }]
    }),
  )
}

const eagerly = ({ tf }: NativeKernels, model: LayersModel, tensors: NamedTensors): Float32Array[] =>
  tf.tidy(() => {
    const feeds = Object.values(tensors).map(({ data, shape, dtype }) =>
      tf.tensor(data as Float32Array, [...shape], dtype as 'float32'),
    )
    const outputs = [model.predict(feeds.length === 1 ? (feeds[0] as Tensor) : feeds)].flat() as Tensor[]
    return outputs.map((output) => output.dataSync() as Float32Array)
  })

const furthest = (compiled: NamedTensors, eager: readonly Float32Array[]): number =>
  Math.max(
    ...Object.values(compiled).map(({ data }, index) =>
      relativeError(data as Float32Array, eager[index] as Float32Array),
    ),
  )

let compiledModels = 0
const refused = new Map<string, string>()
afterAll(() => {
  console.log(`compiled: ${compiledModels}; refused: ${refused.size}`)
  for (const [name, why] of refused) console.log(`  ${name}: ${why}`)
})

for (const keras of [3, 2] as const) {
  const names = [...(await kerasFixtures(keras)).keys()].filter((name) => /\.(h5|keras)$/.test(name)).sort()

  describe(`a model by Keras ${keras}`, () => {
    it.for(names.filter((_, index) => index % step === 0))(
      'predicts compiled what it does eagerly: %s',
      async (name, context) => {
        const kernels = await nativeKernels(context)
        const imported = await importOf(kernels, keras, name)
        if (imported === undefined) return context.skip('not importable')
        const { model, tensorsOf } = imported
        try {
          const { inputs } = await expectedOf(keras, name.replace(/\.\w+$/, ''))
          const tensors = tensorsOf(inputs)
          const session = openSession(
            await compileInference(model, kernels, signatureOf(model)),
            kernels.native.sessions,
            { threads: 2 },
          )
          const compiled = await session.run(tensors)
          session.dispose()
          expect(furthest(compiled, eagerly(kernels, model, tensors))).toBeLessThanOrEqual(1e-5)
          // Controls: on other inputs, and with other weights, the same comparison must fail.
          const elsewhere = otherOrders(inputs).map((other) =>
            furthest(compiled, eagerly(kernels, model, tensorsOf(other))),
          )
          expect(Math.max(...elsewhere)).toBeGreaterThan(1e-5)
          compiledModels += 1
          if (model.weights.length === 0) return
          disturb(model, kernels)
          expect(furthest(compiled, eagerly(kernels, model, tensors))).toBeGreaterThan(1e-5)
        } catch (error) {
          if (!(error instanceof UnsupportedError)) throw error
          expect(error.message).toMatch(reasons)
          refused.set(`Keras ${keras} ${name}`, error.message)
        } finally {
          model.dispose()
        }
      },
    )
  })
}
