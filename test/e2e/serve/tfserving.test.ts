/** TensorFlow Serving's REST as its documentation tells it, asked for with plain Python requests. */
import { writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { toModelArtifact } from '@maas/core/formats'
import type { Kernels } from '@maas/core/kernels'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { asVersion, labels } from '../../support/models.ts'
import { findPython, runPython } from '../../support/python.ts'
import { makeRegistry, runService } from './running.ts'

const python = findPython('base', 'requests')

/** x / 2 + `add`. */
const halfPlus = ({ tf }: Kernels, add: number) => {
  const x = tf.input({ shape: [1], name: 'x' })
  const layer = tf.layers.dense({ units: 1, name: 'y' })
  const model = tf.model({ inputs: x, outputs: layer.apply(x) as ReturnType<typeof tf.input> })
  layer.setWeights([tf.tensor2d([[0.5]]), tf.tensor1d([add])])
  return toModelArtifact(model)
}

/** Two inputs by name; `total` sums the signal, `flat` is the sensor in a row. */
const signals = ({ tf }: Kernels) => {
  const signal = tf.input({ shape: [5], name: 'signal' })
  const sensor = tf.input({ shape: [2, 2], name: 'sensor' })
  const total = tf.layers.dense({ units: 1, useBias: false, name: 'total', kernelInitializer: 'ones' })
  const flat = tf.layers.flatten({ name: 'flat' })
  const outputs = [total.apply(signal), flat.apply(sensor)] as ReturnType<typeof tf.input>[]
  return toModelArtifact(tf.model({ inputs: [signal, sensor], outputs }))
}

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let seen: Readonly<Record<string, readonly unknown[]>>

describe.skipIf(python === undefined)(
  `TensorFlow Serving’s documented requests${python === undefined ? ' (run npm test, which installs requests)' : ''}`,
  () => {
    beforeAll(async () => {
      registry = await makeRegistry()
      const { kernels } = registry
      await registry.registry.register('half-plus-two', asVersion(halfPlus(kernels, 3)))
      await registry.registry.register('half-plus-two', asVersion(halfPlus(kernels, 2)))
      await registry.registry.register('signals', asVersion(signals(kernels)))
      await registry.registry.setAlias('half-plus-two', 'stable', [{ version: 1, weight: 100 }], { by: 't', why: 't' })
      service = await runService({ root: registry.root })
      const photo = join(registry.folder, 'photo.jpg')
      const image = sharp({ create: { width: 9, height: 9, channels: 3, background: '#40a0c0' } })
      await writeFile(photo, await image.jpeg().toBuffer())
      seen = await runPython(python ?? '', [resolve('test/e2e/serve/tfserving.py'), service.url, photo])
    })
    afterAll(async () => {
      await service?.close()
      await registry?.remove()
    })

    it('rows are answered in rows, columns in columns', () => {
      expect(seen.rows).toEqual([200, { predictions: [[2.5], [3], [4.5]] }])
      expect(seen.columns).toEqual([200, { outputs: [[2.5], [3], [4.5]] }])
      expect(seen.named_column).toEqual(seen.columns)
    })

    it('a signature may be named, and only the one that is there', () => {
      expect(seen.signature).toEqual([200, { predictions: [[2.5]] }])
      expect(seen.other_signature).toEqual([400, { error: expect.stringContaining('signature_name') }])
      expect(seen.both_forms).toEqual([400, { error: expect.stringContaining('exactly one of') }])
    })

    it('versions and labels are addressed by number and name', () => {
      expect(seen.version).toEqual([200, { predictions: [[3.5]] }])
      expect(seen.label).toEqual(seen.version)
      expect(seen.no_version).toEqual([404, { error: expect.stringContaining('7') }])
      expect(seen.no_model).toEqual([404, { error: expect.stringContaining('nobody') }])
    })

    it('regress gives one number for each example, and fills in what the context shares', () => {
      expect(seen.regress).toEqual([200, { results: [2.5, 3] }])
      expect(seen.regress_context).toEqual([200, { results: [4, 3] }])
    })

    it('several inputs come by name, several outputs go by name', () => {
      const [total, flat] = [
        [[15], [15]],
        [
          [1, 2, 3, 4],
          [4, 3, 2, 1],
        ],
      ] as const
      expect(seen.several_rows).toEqual([
        200,
        { predictions: [0, 1].map((row) => ({ total: total[row], flat: flat[row] })) },
      ])
      expect(seen.several_columns).toEqual([200, { outputs: { total, flat } }])
      expect(seen.missing_input).toEqual([400, { error: expect.stringContaining('sensor') }])
    })

    it('bytes come as b64, classes go as pairs, best first', () => {
      const [status, { predictions }] = seen.image as [number, { predictions: number[][] }]
      expect([status, predictions.length]).toEqual([200, 2])
      const [, { results }] = seen.classify_images as [number, { results: [string, number][][] }]
      const pairs = labels.map((label, i) => [label, predictions[0]?.[i]] as [string, number])
      expect(results[0]?.map(([label]) => label)).toEqual(pairs.toSorted((a, b) => b[1] - a[1]).map(([label]) => label))
    })

    it('status and metadata have exactly the fields of TensorFlow Serving', () => {
      const available = (version: string) => ({
        version,
        state: 'AVAILABLE',
        status: { error_code: 'OK', error_message: '' },
      })
      const json = 'application/json'
      expect(seen.status).toEqual([200, json, { model_version_status: [available('2'), available('1')] }])
      expect(seen.status_version).toEqual([200, json, { model_version_status: [available('1')] }])
      expect(seen.status_label).toEqual(seen.status_version)
      expect(seen.no_status).toEqual([404, json, { error: expect.any(String) }])
      const tensor = (name: string, ...sizes: string[]) => ({
        dtype: 'DT_FLOAT',
        tensor_shape: { dim: sizes.map((size) => ({ size, name: '' })), unknown_rank: false },
        name: `${name}:0`,
      })
      const described = (name: string, version: string, inputs: object, outputs: object) => ({
        model_spec: { name, signature_name: '', version },
        metadata: {
          signature_def: {
            signature_def: { serving_default: { inputs, outputs, method_name: 'tensorflow/serving/predict' } },
          },
        },
      })
      expect(seen.metadata).toEqual([
        ...[200, json],
        described('half-plus-two', '2', { x: tensor('x', '-1', '1') }, { y: tensor('y', '-1', '1') }),
      ])
      expect(seen.metadata_several).toEqual([
        ...[200, json],
        described(
          'signals',
          '1',
          { signal: tensor('signal', '-1', '5'), sensor: tensor('sensor', '-1', '2', '2') },
          { total: tensor('total', '-1', '1'), flat: tensor('flat', '-1', '4') },
        ),
      ])
    })
  },
)
