/** The session addon: numbers read as JSON.parse reads them, sessions that share nothing, and memory that is given back. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, describe, expect, it, type TestContext } from 'vitest'
import { writeSavedModel } from '../../layers/core/graph/graphdef.ts'
import { openSession } from '../../layers/core/graph/inference-session.ts'
import { type Attrs, constant, identity, makeOutput, type Output, placeholder } from '../../layers/core/graph/ir.ts'
import { graphOf } from '../../layers/core/graph/saved-model.ts'
import { findNative } from '../../layers/core/kernels/find.ts'
import { loadSessions } from '../../layers/core/kernels/sessions.ts'
import { nativeKernels } from './native.ts'

const closing: (() => void)[] = []
afterEach(() => {
  for (const close of closing.splice(0)) close()
})

const setup = async (context: TestContext) => {
  const loaded = await loadSessions()
  return loaded ?? context.skip('native kernels are not built here: npm run build:kernels')
}
const x = placeholder('x', { dtype: 'float32', shape: [-1, 4] })
const fileOf = (y: Output) => writeSavedModel({ inputs: { x }, outputs: { y: identity(y, 'y') } })
const binary = (op: string, a: Output, b: Output): Output =>
  makeOutput(op, [a, b], { T: { type: 'float32' } }, { dtype: 'float32', shape: [-1, 4] })
const rows = (count: number) => Float32Array.from({ length: count * 4 }, (_, at) => Math.sin(at))

describe('numbers', () => {
  it('are those of JSON.parse, rounded to float32, or none', async (context) => {
    const { sessions } = await setup(context)
    const bits = new Float64Array(1)
    const random = () => {
      crypto.getRandomValues(new Uint8Array(bits.buffer))
      return bits[0] as number
    }
    const halfway = (value: number) => {
      const single = Float32Array.of(value)
      new Uint32Array(single.buffer)[0] = (new Uint32Array(single.buffer)[0] as number) + 1
      return (Math.fround(value) + (single[0] as number)) / 2
    }
    let taken = 0
    for (let i = 0; i < 20_000; i++) {
      const value = [random(), Math.random(), halfway(Math.random()), Math.round(Math.random() * 1e6) / 1e3][i % 4]
      if (!Number.isFinite(value)) continue
      const short = i % 8 < 4 ? JSON.stringify(value) : (value as number).toExponential(20)
      // Of every length: eight digits are read at a time.
      const text = /^[^e]*\.[^e]*$/.test(short) ? short + String(Math.random()).slice(2, 2 + (i % 19)) : short
      const read = sessions.readFloats(Buffer.from(`[${text}]${' '.repeat(i % 11)}`), 0)
      if (read === undefined) continue
      taken++
      expect(Object.is(read.data[0], Math.fround(JSON.parse(text))), text).toBe(true)
    }
    expect(taken).toBeGreaterThan(10_000)
  })

  it.for(['[]', '[1,]', '[01]', '[1.]', '[.5]', '[+1]', '[1e]', '[-]', '[NaN]', '["1"]', '[null]', '[1,[2]]'])(
    'are not read from %s',
    async (text, context) => {
      const { sessions } = await setup(context)
      expect(sessions.readFloats(Buffer.from(text), 0)).toBeUndefined()
      expect(sessions.readFloats(Buffer.from('[[1,2],[3,-0]] '), 0)).toEqual({
        shape: [2, 2],
        end: 14,
        data: Float32Array.of(1, 2, 3, -0),
      })
    },
  )
})

describe('the first number that is not finite', () => {
  it('is found wherever it is, and is none in numbers of any size', async (context) => {
    const { sessions } = await setup(context)
    const extremes = [3.4028234663852886e38, -3.4028234663852886e38, 1e-45, -0, 0, 1]
    const values = Float32Array.from({ length: 700 }, (_, at) => extremes[at % extremes.length] as number)
    expect(sessions.firstNotFinite(values)).toBe(-1)
    expect(sessions.firstNotFinite(new Float32Array())).toBe(-1)
    for (const at of [0, 1, 255, 256, 300, 511, 512, 699]) {
      for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        const one = Float32Array.from(values)
        one[at] = value
        expect(sessions.firstNotFinite(one)).toBe(at)
        expect(sessions.firstNotFinite(one.subarray(0, at))).toBe(-1)
      }
    }
  })
})

describe('a session', () => {
  it('gives the same whether its rows run together, dealt out or off this thread', async (context) => {
    const { sessions } = await setup(context)
    const graph = graphOf(fileOf(binary('Mul', x, x)))
    const session = sessions.open(graph, new Uint8Array(), ['x:0'], ['y:0'], true)
    closing.push(() => sessions.close(session))
    const expected = rows(5).map((value) => value * value)
    expect(sessions.run(session, [rows(5)], [[5, 4]], 1)[0]?.data).toEqual(expected)
    expect(sessions.run(session, [rows(5)], [[5, 4]], 3)[0]).toMatchObject({ shape: [5, 4], data: expected })
    expect((await sessions.runElsewhere(session, [rows(5)], [[5, 4]], 2))[0]?.data).toEqual(expected)
    const counts = [1, 2, 3, 4, 5, 1]
    const atOnce = counts.map((count) => sessions.runElsewhere(session, [rows(count)], [[count, 4]], 1))
    const answers = (await Promise.all(atOnce)).map(([answer]) => answer?.data)
    expect(answers).toEqual(counts.map((count) => expected.subarray(0, count * 4)))
    expect(() => sessions.run(session, [rows(1)], [[1, 4]], 2)).toThrow('more parts than rows')
    expect(() => sessions.run(session, [rows(1)], [[2, 4]], 1)).toThrow('its shape takes 32')
  })

  it('keeps the threads that help it off the processor of the one that asks', async (context) => {
    const { sessions } = await setup(context)
    if (process.platform !== 'linux' || availableParallelism() < 2) return context.skip('one processor has no other')
    const session = sessions.open(graphOf(fileOf(binary('Mul', x, x))), new Uint8Array(), ['x:0'], ['y:0'], true)
    closing.push(() => sessions.close(session))
    sessions.run(session, [rows(2)], [[2, 4]], 2)
    const allowed = readdirSync('/proc/self/task').map((id) => {
      const status = readFileSync(`/proc/self/task/${id}/status`, 'utf8')
      const mask = BigInt(`0x${/Cpus_allowed:\s+(\S+)/.exec(status)?.[1]?.replaceAll(',', '')}`)
      return [...mask.toString(2)].filter((bit) => bit === '1').length
    })
    expect(new Set(allowed)).toEqual(new Set([Math.max(...allowed), Math.max(...allowed) - 1]))
  })

  it('shares no variable with another of the same graph', async (context) => {
    const { sessions } = await setup(context)
    const variable = makeOutput(
      'VarHandleOp',
      [],
      { dtype: { type: 'float32' }, shape: { shape: [] }, shared_name: { string: 'v' }, container: { string: '' } },
      { dtype: 'resource', shape: [] },
    )
    const value = placeholder('value', { dtype: 'float32', shape: [] })
    const assign = makeOutput(
      'AssignVariableOp',
      [variable, value],
      { dtype: { type: 'float32' } },
      {
        dtype: 'float32',
        shape: [],
      },
    )
    const read = makeOutput(
      'ReadVariableOp',
      [variable],
      { dtype: { type: 'float32' } },
      { dtype: 'float32', shape: [] },
    )
    const file = writeSavedModel({
      inputs: { value },
      outputs: { done: identity(value, 'done', [assign.node]), read: identity(read, 'read') },
    })
    const open = (feeds: string[], fetches: string[]) =>
      sessions.open(graphOf(file), new Uint8Array(), feeds, fetches, true)
    const [one, two] = [open(['value:0'], ['done:0']), open([], ['read:0'])]
    closing.push(
      () => sessions.close(one),
      () => sessions.close(two),
    )
    sessions.run(one, [Float32Array.of(7)], [[]], 1)
    expect(() => sessions.run(two, [], [], 1)).toThrow()
  })

  it('gives its memory back when it is closed, and says that it is', async (context) => {
    const { sessions } = await setup(context)
    const weights = constant({
      dtype: 'float32',
      shape: [1024, 1024],
      data: Float32Array.from({ length: 1 << 20 }, Math.random),
    })
    const y = makeOutput(
      'MatMul',
      [placeholder('w', { dtype: 'float32', shape: [-1, 1024] }), weights],
      { T: { type: 'float32' } },
      {
        dtype: 'float32',
        shape: [-1, 1024],
      },
    )
    const graph = graphOf(
      writeSavedModel({ inputs: { w: y.node.inputs[0] as Output }, outputs: { y: identity(y, 'y') } }),
    )
    const use = () => {
      const session = sessions.open(graph, new Uint8Array(), ['w:0'], ['y:0'], false)
      sessions.run(session, [new Float32Array(1024)], [[1, 1024]], 1)
      return session
    }
    const megabytes = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) / 1024
    if (process.platform !== 'linux') return context.skip('memory is read from /proc')
    for (let i = 0; i < 5; i++) sessions.close(use())
    const before = megabytes()
    for (let i = 0; i < 40; i++) sessions.close(use())
    expect(megabytes() - before).toBeLessThan(100)
    const held = Array.from({ length: 40 }, use)
    expect(megabytes() - before).toBeGreaterThan(150)
    for (const session of held) sessions.close(session)
    expect(() => sessions.run(held[0] as never, [new Float32Array(1024)], [[1, 1024]], 1)).toThrow('closed')
  })
})

describe('rows', () => {
  it('are found to depend on each other where they do, and then never share a run', async (context) => {
    const { sessions } = await setup(context)
    const mean = makeOutput(
      'Mean',
      [x, constant({ dtype: 'int32', shape: [1], data: Int32Array.of(0) })],
      { T: { type: 'float32' }, Tidx: { type: 'int32' }, keep_dims: { bool: true } },
      { dtype: 'float32', shape: [1, 4] },
    )
    const open = (y: Output) => {
      const session = openSession(fileOf(y), sessions, { threads: 2 })
      closing.push(() => session.dispose())
      return session
    }
    expect(open(binary('Sub', x, mean)).rowsIndependent).toBe(false)
    expect(open(binary('Add', x, x)).rowsIndependent).toBe(true)
  })
})

it('TensorFlow loads on a thread of its own, which a process waits for before it ends', async (context) => {
  const { found } = await findNative(process.env)
  if (found === undefined) return context.skip('native kernels are not built here: npm run build:kernels')
  const preload = fileURLToPath(new URL('../../layers/core/kernels/preload.ts', import.meta.url))
  const program = `import { preloadKernels } from ${JSON.stringify(preload)}
    const started = performance.now()
    preloadKernels(process.argv[1])
    console.log(performance.now() - started)
    process.exit(0)`
  const run = (directory: string) => {
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program, directory]
    const started = performance.now()
    const { status, signal, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
    return { status, signal, stderr, inside: Number(stdout), whole: performance.now() - started }
  }
  const loaded = run(found.directory)
  expect(loaded).toMatchObject({ status: 0, signal: null, stderr: '' })
  expect(loaded.inside).toBeLessThan(loaded.whole / 4)
  expect(run('/nowhere')).toMatchObject({ status: 0, signal: null, stderr: '' })
})

/**
 * oneDNN multiplies more than 2,048 columns, with AVX2 or newer, with its stack register in the heap. Nothing is wrong
 * to be seen then until a signal comes.
 */
describe.runIf(process.platform === 'linux')('a signal that comes while TensorFlow runs', () => {
  const directory = mkdtempSync(join(tmpdir(), 'maas-signals-'))
  afterAll(() => rmSync(directory, { recursive: true, force: true }))
  const [rows, columns, units] = [8, 4096, 64]
  const input = placeholder('x', { dtype: 'float32', shape: [-1, columns] })
  const kernel = constant({
    dtype: 'float32',
    shape: [columns, units],
    data: new Float32Array(columns * units).fill(0.1),
  })
  const attrs = { T: { type: 'float32' }, transpose_a: { bool: false }, transpose_b: { bool: false } } satisfies Attrs
  const product = makeOutput('MatMul', [input, kernel], attrs, { dtype: 'float32', shape: [-1, units] })
  const graph = graphOf(writeSavedModel({ inputs: { x: input }, outputs: { y: identity(product, 'y') } }))

  const url = (path: string) => JSON.stringify(new URL(`../../layers/core/${path}`, import.meta.url).href)
  /** Multiplies for a second, hears SIGUSR2, and says how often, and which threads refuse it. */
  const program = `import { readdirSync, readFileSync } from 'node:fs'
    import { loadSessions } from ${url('kernels/sessions.ts')}
    const { sessions } = await loadSessions()
    const config = Uint8Array.of(0x10, 1, 0x28, ...Array(9).fill(255), 1)
    const session = sessions.open(readFileSync(process.argv[1]), config, ['x:0'], ['y:0'], true)
    let heard = 0
    process.on('SIGUSR2', () => heard++)
    const values = new Float32Array(${rows * columns}).fill(1)
    const end = Date.now() + 1000
    console.log('begun')
    while (Date.now() < end) {
      for (let run = 0; run < 20; run++) sessions.run(session, [values], [[${rows}, ${columns}]], run % 2 + 1)
      await new Promise(setImmediate)
    }
    const threads = readdirSync('/proc/self/task').map((id) => readFileSync('/proc/self/task/' + id + '/status', 'utf8'))
    const takes = threads.filter((text) => (BigInt('0x' + /SigBlk:\\s+(\\w+)/.exec(text)[1]) >> 11n & 1n) === 0n)
    const main = takes.some((text) => /^Pid:\\s+(\\d+)/m.exec(text)[1] === String(process.pid))
    console.log(JSON.stringify({ heard, main, takers: takes.map((text) => /^Name:\\s+(.+)/.exec(text)[1]) }))
    process.exit(0)`

  it('goes to a thread that runs none of it, or is of V8’s profiler and has a stack of its own', async (context) => {
    await setup(context)
    const file = join(directory, 'graph.pb')
    writeFileSync(file, graph)
    const profiling = ['--cpu-prof', '--cpu-prof-interval', '100', '--cpu-prof-dir', directory]
    const args = [...profiling, '--import', 'tsx', '--input-type=module', '--eval', program, file]
    const child = spawn(process.execPath, args, { timeout: 60_000 })
    let sending: NodeJS.Timeout | undefined
    let [output, errors] = ['', '']
    child.stdout.on('data', (chunk: Buffer) => {
      sending ??= setInterval(() => child.kill('SIGUSR2'), 0)
      output += chunk
    })
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk
    })
    const [status, signal] = await once(child, 'close').finally(() => clearInterval(sending))
    expect({ status, signal, errors }).toEqual({ status: 0, signal: null, errors: '' })
    const { heard, main, takers } = JSON.parse(output.split('\n')[1] as string)
    expect(heard).toBeGreaterThan(20)
    expect(main).toBe(false)
    expect(takers.length).toBeGreaterThan(0)
    expect(takers.filter((name: string) => name.startsWith('tf_'))).toEqual([])
    const profile = readdirSync(directory).find((name) => name.endsWith('.cpuprofile')) ?? ''
    const { samples } = JSON.parse(readFileSync(join(directory, profile), 'utf8'))
    expect(samples.length).toBeGreaterThan(500)
  })
})

it('JPEGs are the same pixels by a session as by tfjs', async (context) => {
  const { native: lean } = await setup(context)
  const { native } = await nativeKernels(context)
  const sharp = (await import('sharp')).default
  const noise = { type: 'gaussian', mean: 128, sigma: 60 } as const
  const jpeg = await sharp({ create: { width: 37, height: 23, channels: 3, background: 'red', noise } })
    .jpeg()
    .toBuffer()
  expect(lean.decodeJpeg(jpeg, { channels: 3 })).toEqual(native.decodeJpeg(jpeg, { channels: 3 }))
  expect(() => lean.decodeJpeg(jpeg.subarray(0, 100), { channels: 3 })).toThrow('not a JPEG that can be decoded')
})
