/** The Python client against the whole service: the same answers as the TypeScript SDK, and errors as its own classes. */
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { relativeError } from '../../../layers/core/graph/relative-error.ts'
import { loadModel } from '../../../sdk/src/index.ts'
import { expectedOf, kerasFixture, tutorial } from '../../support/keras-fixtures.ts'
import { findPython, runPython } from '../../support/python.ts'
import { ask, makeRegistry, rowsOf, runService } from '../serve/running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>

beforeAll(async () => {
  registry = await makeRegistry()
  service = await runService({ root: registry.root })
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
})

/** Any Python will do for lists; arrays take one that has numpy. */
const plain = process.env.PYTHON ?? 'python3'
const withNumpy = findPython('base', 'arrays in the Python client')

/** Runs a program with `maas_sdk` at hand; what it prints last is JSON. */
const python = async (program: string, interpreter = plain): Promise<unknown> => {
  const file = join(await mkdtemp(join(tmpdir(), 'py-')), 'program.py')
  await writeFile(file, `import json, os, maas_sdk\n${program}`)
  const env = { PYTHONPATH: resolve('sdk/python'), PYTHONDONTWRITEBYTECODE: '1', MAAS_URL: service.url }
  return runPython(interpreter, [file], { env, cwd: registry.folder })
}

describe('the Python client', () => {
  it('predicts from lists as the TypeScript SDK does, in batches of any size', async () => {
    const here = await loadModel('tiny@production', { url: service.url })
    await writeFile(join(registry.folder, 'rows.json'), JSON.stringify(rowsOf(1500)))
    const answers = await python(`
model = maas_sdk.load_model('tiny@production')
assert model.version == 1 and model.inputs == {list(model.inputs)[0]: (-1, 8, 8, 3)}, model.inputs
print(json.dumps(model.predict(json.load(open('rows.json')))))`)
    expect(answers).toEqual(await here.predict(rowsOf(1500)))
  })

  it('classifies images given as paths and as bytes', async () => {
    const image = await sharp({ create: { width: 9, height: 9, channels: 3, background: '#40a0c0' } })
      .jpeg()
      .toBuffer()
    await writeFile(join(registry.folder, 'photo.jpg'), image)
    const here = await loadModel('tiny', { url: service.url })
    const expected = (await here.classify(image)).map((row) =>
      row.map(({ label, probability }) => [label, probability]),
    )
    const answers = await python(`
model = maas_sdk.load_model('tiny')
one = model.classify('photo.jpg')
two = model.classify(['photo.jpg', open('photo.jpg', 'rb').read()])
print(json.dumps([one, two[0] and [two[1]]]))`)
    // Two rows may be run by two threads: the same to the measure of exactness, not to the last bit.
    const near = expected.map((row) =>
      row.map(([label, probability]) => [label, expect.closeTo(Number(probability), 6)]),
    )
    expect(answers).toEqual([near, near])
  })

  it.skipIf(withNumpy === undefined)('gives arrays for arrays, of whatever numbers', async () => {
    const answers = await python(
      `
import numpy
model = maas_sdk.load_model('tiny@production')
x = numpy.random.default_rng(0).integers(0, 256, (1500, 8, 8, 3))
y = model.predict(x / 255)
z = numpy.array(model.predict((x[:40] / 255).tolist()))
whole = [model.predict(x[:9].astype(kind)) for kind in ('u1', 'i2', 'i8', 'f8', '>f4')]
named = model.predict({list(model.inputs)[0]: x[:9]})
def refused(call):
    try:
        call()
    except maas_sdk.BadRequestError as error:
        return str(error)
print(json.dumps([
    [str(y.dtype), list(y.shape), float(abs(y[:40] - z).max())],
    [float(abs(one - whole[0]).max()) for one in [*whole, named]],
    bool(abs(whole[0] - y[:9]).max() > 1e-3),
    [refused(lambda: model.predict(x[:0])), refused(lambda: model.predict(x[0])), refused(lambda: model.predict(numpy.float32(1)))],
]))`,
      withNumpy,
    )
    const [[dtype, shape, difference], kinds, differs, refused] = answers as [
      [string, number[], number],
      number[],
      boolean,
      string[],
    ]
    expect([dtype, shape]).toEqual(['float32', [1500, 3]])
    expect(difference).toBeLessThanOrEqual(1e-5)
    expect(Math.max(...kinds)).toBeLessThanOrEqual(1e-5)
    expect(differs).toBe(true)
    expect(refused).toEqual([
      expect.stringContaining('empty batch'),
      expect.stringContaining('[8, 8, 3]'),
      expect.stringContaining('single number'),
    ])
  })

  it('raises an error of its own for each situation', async () => {
    const answers = await python(`
def name(call):
    try:
        call()
    except maas_sdk.MaasError as error:
        return [type(error).__name__, str(error)[:60]]
load = maas_sdk.load_model
model = load('tiny')
print(json.dumps([
    name(lambda: load('nothing')),
    name(lambda: load('Not A Model')),
    name(lambda: load('tiny', url='http://127.0.0.1:9', max_retries=0)),
    name(lambda: load('nowhere.h5')),
    name(lambda: load(os.getcwd())),
    name(lambda: model.predict([[1, 2]])),
    name(lambda: model.predict([])),
    name(lambda: model.predict('nowhere.jpg')),
]))`)
    expect(answers).toEqual([
      ['NotFoundError', expect.stringContaining('nothing')],
      ['BadRequestError', expect.stringContaining('neither a file nor a model')],
      ['ConnectionError', expect.stringContaining('cannot be reached')],
      ['NotFoundError', 'nowhere.h5 does not exist'],
      ['BadRequestError', expect.stringContaining('is a folder without saved_model.pb')],
      ['BadRequestError', expect.stringContaining('instances')],
      ['BadRequestError', 'got an empty batch; give at least one example'],
      ['NotFoundError', 'nowhere.jpg does not exist'],
    ])
  })
})

describe('a model file in the Python client', () => {
  const imports = async () => ((await ask(`${service.url}/imports`)).body as { imports: { file: string }[] }).imports

  it('runs the tutorial’s last lines as written, and answers what Keras answered', async () => {
    const { file, images, predictions } = await tutorial()
    await writeFile(join(registry.folder, 'model.h5'), file('h5'))
    await writeFile(join(registry.folder, 'images.json'), JSON.stringify(images))
    const lines = (read: string, print: string) => `
test_images = ${read}
import maas_sdk
model = maas_sdk.load_model('model.h5')
predictions = model.predict(test_images)
print(json.dumps(${print}))`
    const first = (await python(lines(`json.load(open('images.json'))`, 'predictions'))) as number[][]
    expect(relativeError(first.flat(), predictions.flat())).toBeLessThanOrEqual(1e-5)
    expect(relativeError(first.toReversed().flat(), predictions.flat())).toBeGreaterThan(1e-2)
    // The same file again is there already.
    expect(await imports()).toHaveLength(1)
    if (withNumpy !== undefined) {
      const read = `__import__('numpy').array(json.load(open('images.json')))`
      const arrays = (await python(lines(read, 'predictions.tolist()'), withNumpy)) as number[][]
      expect(relativeError(arrays.flat(), predictions.flat())).toBeLessThanOrEqual(1e-5)
    }
    expect(await python(`print(json.dumps(repr(maas_sdk.load_model('./model.h5'))))`)).toMatch(
      /<Model model-[0-9a-f]{16}:1 at/,
    )
    expect(await imports()).toHaveLength(1)
  })

  it.skipIf(withNumpy === undefined)('is another model when its content is another', async () => {
    await writeFile(join(registry.folder, 'model.h5'), await kerasFixture(3, 'merge_subtract.h5'))
    const { inputs, outputs } = await expectedOf(3, 'merge_subtract')
    await writeFile(join(registry.folder, 'inputs.json'), JSON.stringify(inputs))
    // Several inputs, by name and in Keras' order.
    const answers = (await python(
      `
import numpy
arrays = [numpy.array(one['data'], one['dtype']).reshape(one['shape']) for one in json.load(open('inputs.json'))]
model = maas_sdk.load_model('model.h5')
answers = [model.predict(arrays), model.predict(dict(zip(model.inputs, arrays))), model.predict(arrays[::-1])]
print(json.dumps([one.ravel().tolist() for one in answers]))`,
      withNumpy,
    )) as number[][]
    const [expected] = outputs
    const apart = answers.map((answer) => relativeError(answer, expected?.data ?? []))
    expect(Math.max(apart[0] ?? Number.NaN, apart[1] ?? Number.NaN)).toBeLessThanOrEqual(1e-5)
    expect(apart[2]).toBeGreaterThan(0.1)
  })

  it('is refused with the service’s reasons', async () => {
    await writeFile(join(registry.folder, 'lambda.h5'), await kerasFixture(3, 'lambda.h5'))
    const answers = await python(`
def refused(path):
    try:
        maas_sdk.load_model(path)
    except maas_sdk.MaasError as error:
        return [type(error).__name__, str(error)]
print(json.dumps(refused('lambda.h5')))`)
    expect(answers).toEqual(['UnsupportedError', expect.stringMatching(/^lambda\.h5 was refused by http.*Lambda/s)])
  })
})
