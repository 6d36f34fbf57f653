/** Opt-in, where Python Keras is installed: what imported models learn, weight by weight, is what Keras learns. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { messageOf } from '@maas/core/errors'
import { readKerasArchive, toLayersModel } from '@maas/core/formats'
import type { Scalar, Tensor, Variable } from '@tensorflow/tfjs-core'
import type { LayersModel } from '@tensorflow/tfjs-layers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { withNativeGradients } from '../../../layers/core/graph/gradients.ts'
import { trainableOf, variableOf } from '../../../layers/core/graph/layers.ts'
import { readHdf5Here } from '../../support/hdf5-here.ts'
import { type Expected, expectedOf, kerasFixture, kerasFixtures } from '../../support/keras-fixtures.ts'
import { toleranceOf } from '../../support/keras-measure.ts'
import { findPython, runPython } from '../../support/python.ts'
import { type NativeKernels, nativeKernels } from '../native.ts'

const python = findPython('keras', 'gradients beside Keras')

/** Of `gradients.py`. */
interface Derived {
  /** Whether layers behaved as in training. */
  readonly training: boolean
  readonly loss: number
  readonly weights: readonly { readonly path: string; readonly value: number[]; readonly gradient: number[] }[]
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gradients-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** The sum over all float outputs, weighted by cos(0), cos(1), …; gradients by weight. */
const derive = (
  model: LayersModel,
  inputs: Expected['inputs'],
  training: boolean,
  { tf, native }: NativeKernels,
): ReadonlyMap<Variable, ArrayLike<number>> => {
  const variables = trainableOf(model).map(variableOf)
  const gradients = tf.tidy(() => {
    const feeds = inputs.map(({ data, shape, dtype }) =>
      tf.tensor([...data], [...shape], dtype.startsWith('int') ? 'int32' : 'float32'),
    )
    const total = () => {
      const answer = model.apply(feeds.length === 1 ? (feeds[0] as Tensor) : feeds, { training }) as Tensor | Tensor[]
      const sums = [answer].flat().map((output) => {
        const flat = tf.reshape(output, [-1])
        return tf.sum(tf.mul(tf.cast(flat, 'float32'), tf.cos(tf.range(0, flat.size))))
      })
      return tf.reshape(tf.addN(sums), []) as Scalar
    }
    const { grads } = withNativeGradients(tf, native, () => tf.variableGrads(total, variables))
    return variables.map((variable) => (grads[variable.name] as Tensor).dataSync())
  })
  return new Map(variables.map((variable, at) => [variable, gradients[at] as Float32Array]))
}

/** Where each number of `a` stands in `b`; undefined unless they hold the same numbers, whatever their order. */
const permutation = (a: ArrayLike<number>, b: ArrayLike<number>): readonly number[] | undefined => {
  if (a.length !== b.length) return undefined
  const order = (values: ArrayLike<number>) =>
    Array.from(values, (_, at) => at).sort((i, j) => (values[i] as number) - (values[j] as number) || i - j)
  const [ofA, ofB] = [order(a), order(b)]
  const same = ofA.every((at, rank) => Math.abs((a[at] as number) - (b[ofB[rank] as number] as number)) <= 1e-6)
  if (!same) return undefined
  const places = new Array<number>(a.length)
  for (const [rank, at] of ofA.entries()) places[at] = ofB[rank] as number
  return places
}

const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, Math.abs(value)), 0)

/** max|a-b| / max|b| of the weight that is farthest; weights of small gradients are measured by a hundredth of the model's largest. */
const farthest = (ours: ReadonlyMap<Variable, ArrayLike<number>>, { weights }: Derived) => {
  const left = new Map([...ours].map(([variable, gradient]) => [variable, { values: variable.dataSync(), gradient }]))
  const floor = 1e-2 * Math.max(1e-30, ...weights.map(({ gradient }) => largest(gradient)))
  let worst = { path: '', distance: 0 }
  for (const { path, value, gradient } of weights) {
    const found = [...left].map(([variable, own]) => ({ variable, own, places: permutation(value, own.values) }))
    const pair = found.find(({ places }) => places !== undefined)
    if (pair?.places === undefined) return { path, distance: Number.POSITIVE_INFINITY }
    left.delete(pair.variable)
    const { places, own } = pair
    const apart = largest(gradient.map((expected, at) => (own.gradient[places[at] as number] as number) - expected))
    const distance = apart / Math.max(floor, largest(gradient))
    if (!(distance <= worst.distance)) worst = { path, distance }
  }
  return left.size === 0
    ? worst
    : { path: [...left.keys()].map(({ name }) => name).join(), distance: Number.POSITIVE_INFINITY }
}

/** Half of these models' numbers are rounded in Keras and not here. */
const allowedFor = (name: string): number => Math.max(1e-4, toleranceOf(name))

/** Takes minutes, so it is for `MAAS_TEST_EVERY=1`. */
describe.runIf(python && process.env.MAAS_TEST_EVERY === '1')('gradients of imported models', () => {
  it('are those of Keras for every weight', { timeout: 900_000 }, async (context) => {
    const kernels = await nativeKernels(context)
    const names = [...(await kerasFixtures(3)).keys()]
      .filter((name) => name.endsWith('.keras'))
      .map((name) => name.slice(0, -'.keras'.length))
    for (const name of names) {
      await writeFile(join(folder, `${name}.keras`), await kerasFixture(3, `${name}.keras`))
      await writeFile(join(folder, `${name}.json`), JSON.stringify(await expectedOf(3, name)))
    }
    const without = await runPython<Record<string, string>>(python ?? '', ['test/fixtures/keras/gradients.py', folder])
    const [wrong, deaf, refused]: [unknown[], unknown[], string[]] = [[], [], []]
    let agreeing = 0
    for (const name of names.filter((name) => !(name in without))) {
      const derived: Derived = JSON.parse(await readFile(join(folder, `${name}.gradients.json`), 'utf8'))
      if (derived.weights.length === 0) continue
      const options = { name, readHdf5: readHdf5Here }
      const read = await readKerasArchive(await kerasFixture(3, `${name}.keras`), options).catch(
        (error: Error) => error,
      )
      if (read instanceof Error) {
        refused.push(`${name}: ${read.message}`)
        continue
      }
      // What takes texts is done before the model, whose inputs are others then.
      if (read.preprocess) continue
      const model = await toLayersModel(read.artifact, kernels)
      const { inputs } = await expectedOf(3, name)
      // The same numbers in two other orders: one alone may mean the same.
      const others = [
        inputs.map((input) => ({ ...input, data: input.data.toReversed() })),
        inputs.map((input) => ({ ...input, data: [...input.data.slice(1), ...input.data.slice(0, 1)] })),
      ]
      try {
        const { path, distance } = farthest(derive(model, inputs, derived.training, kernels), derived)
        if (distance <= allowedFor(name)) agreeing++
        else wrong.push([name, path, distance])
        const controls = others.map((other) => farthest(derive(model, other, derived.training, kernels), derived))
        if (!controls.some((control) => control.distance > allowedFor(name))) deaf.push([name, controls])
      } catch (error) {
        wrong.push([name, messageOf(error)])
      }
      model.dispose()
    }
    console.log(
      `${agreeing} models agree; not read: ${refused.join('; ')}; without gradients in Keras: ${Object.keys(without)}`,
    )
    expect({ wrong, deaf }).toEqual({ wrong: [], deaf: [] })
    expect(agreeing).toBeGreaterThan(140)
  })
})
