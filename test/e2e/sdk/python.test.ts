/** The Python client against the whole service: the same answers as the TypeScript SDK, and errors as its own classes. */
import { execFile } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadModel } from '../../../sdk/src/index.ts'
import { makeRegistry, rowsOf, runService } from '../serve/running.ts'

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

/** Runs a program with `maas_sdk` at hand; what it prints last is JSON. */
const python = async (program: string): Promise<unknown> => {
  const file = join(await mkdtemp(join(tmpdir(), 'py-')), 'program.py')
  await writeFile(file, `import json, os, maas_sdk\n${program}`)
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    PYTHONPATH: resolve('sdk/python'),
    MAAS_URL: service.url,
  }
  const { stdout } = await promisify(execFile)(process.env.PYTHON ?? 'python3', [file], { env, cwd: registry.folder })
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? 'null')
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

  it('gives arrays for arrays where numpy is installed', async () => {
    const answers = await python(`
try:
    import numpy
except ImportError:
    numpy = None
model = maas_sdk.load_model('tiny@production')
if numpy is None:
    print(json.dumps('no numpy'))
else:
    x = numpy.random.default_rng(0).random((40, 8, 8, 3), dtype='float32')
    y = model.predict(x)
    z = model.predict(x.tolist())
    print(json.dumps([str(y.dtype), list(y.shape), float(abs(y - numpy.array(z)).max())]))`)
    if (answers === 'no numpy') return
    const [dtype, shape, difference] = answers as [string, number[], number]
    expect([dtype, shape]).toEqual(['float32', [40, 3]])
    expect(difference).toBeLessThanOrEqual(1e-5)
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
    name(lambda: load('model.h5')),
    name(lambda: model.predict([[1, 2]])),
    name(lambda: model.predict([])),
    name(lambda: model.predict('nowhere.jpg')),
]))`)
    expect(answers).toEqual([
      ['NotFoundError', expect.stringContaining('nothing')],
      ['BadRequestError', expect.stringContaining('neither a file nor a model')],
      ['ConnectionError', expect.stringContaining('cannot be reached')],
      ['UnsupportedError', expect.stringContaining('model.h5 is a file, and the service does not take files')],
      ['BadRequestError', expect.stringContaining('instances')],
      ['BadRequestError', 'got an empty batch; give at least one example'],
      ['NotFoundError', 'nowhere.jpg does not exist'],
    ])
  })
})
