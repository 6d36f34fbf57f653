/** The service while things happen to it: aliases move, processes die, ports are taken, signals arrive. */
import { type ChildProcess, spawn } from 'node:child_process'
import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { createFileStore } from '@maas/core/store'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { inFlight } from '../../../functions/local/model.ts'
import { asVersion, heavyModel } from '../../support/models.ts'
import { ask, childrenOf, cpuSeconds, isAlive, makeRegistry, post, rowsOf, runService, until } from './running.ts'

let registry: Awaited<ReturnType<typeof makeRegistry>>
const closing: (() => Promise<unknown>)[] = []

beforeAll(async () => {
  registry = await makeRegistry()
})
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()))
})
afterAll(() => registry.remove())

const start = async (options: Partial<Parameters<typeof runService>[0]> = {}) => {
  const service = await runService({ root: registry.root, ...options })
  closing.push(service.close)
  return service
}
const body = { instances: rowsOf(1) }
const versionAt = async (url: string): Promise<string | null> => {
  const reply = await post(`${url}/v1/models/tiny/labels/production:predict`, body)
  return reply.headers.get('x-maas-model-version')
}
const moveTo = (url: string, version: number) =>
  ask(`${url}/models/tiny/aliases/production`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ version, reason: 'test' }),
  })

describe('a moved alias', () => {
  it('is seen within seconds, by this service and by another on the same registry, without restart', async () => {
    const [one, two] = await Promise.all([start(), start()])
    expect(await Promise.all([versionAt(one.url), versionAt(two.url)])).toEqual(['1', '1'])
    expect((await moveTo(one.url, 2)).status).toBe(200)
    expect(await until(async () => (await versionAt(one.url)) === '2', 3000)).toBe(true)
    expect(await until(async () => (await versionAt(two.url)) === '2', 3000)).toBe(true)
    expect((await moveTo(two.url, 1)).status).toBe(200)
    expect(await until(async () => (await versionAt(one.url)) === '1', 3000)).toBe(true)
  })
})

describe('a model process', () => {
  it('that is killed takes only its own requests with it, and is replaced', async () => {
    const service = await start({ spares: 1 })
    const path = `${service.url}/v1/models/tiny/versions/1:predict`
    expect((await post(path, body)).status).toBe(200)
    for (const child of childrenOf(process.pid)) {
      process.kill(child, 'SIGKILL')
    }
    const first = await post(path, body)
    expect([200, 503]).toContain(first.status)
    if (first.status === 503) expect(first.headers.get('retry-after')).not.toBeNull()
    expect(await until(async () => (await post(path, body)).status === 200, 10_000)).toBe(true)
    expect(service.entries.some(({ message }) => message.includes('SIGKILL'))).toBe(true)
  })

  it('that dies of a request fails that one with 500, and answers the others in a fresh process', async () => {
    await registry.registry.register('heavy', asVersion(heavyModel(registry.kernels)))
    const service = await start({ spares: 0 })
    const predict = (rows: number) =>
      post(`${service.url}/v1/models/heavy:predict`, {
        instances: Array.from({ length: rows }, () => Array(8).fill(0.5)),
      })
    const small = await predict(1)
    expect(small.status).toBe(200)
    const [first = 0] = childrenOf(process.pid)
    const toStart = cpuSeconds(first)
    const deadly = predict(150)
    expect(await until(() => cpuSeconds(first) > toStart + 1, 20_000)).toBe(true)
    const others = Array.from({ length: 4 }, () => predict(1))
    await new Promise((resolve) => setTimeout(resolve, 200))
    process.kill(first, 'SIGKILL')
    // All are tried once more, one at a time, the first one first: whoever ends the process again is at fault.
    const fresh = () => childrenOf(process.pid).find((child) => child !== first)
    // It finds the graph compiled: a second to start, and seven for the request.
    expect(await until(() => cpuSeconds(fresh()) > 2.5, 20_000)).toBe(true)
    process.kill(fresh() ?? 0, 'SIGKILL')
    expect(await deadly).toMatchObject({ status: 500 })
    for (const other of others) expect(await other).toMatchObject({ status: 200, body: small.body })
  }, 90_000)

  it('that is not asked for long ends', async () => {
    const service = await start({ idleSeconds: 1, spares: 0 })
    expect((await post(`${service.url}/v1/models/tiny:predict`, body)).status).toBe(200)
    const health = async () => (await ask(`${service.url}/healthz`)).body as { loaded: string[] }
    expect((await health()).loaded).toEqual(['tiny:2'])
    expect(await until(async () => (await health()).loaded.length === 0, 5000)).toBe(true)
    expect(await until(() => childrenOf(process.pid).length === 0, 5000)).toBe(true)
  })

  it('makes room for the next one when memory is short', async () => {
    const service = await start({ modelBytes: 300 * 1024 * 1024, spares: 0 })
    for (const version of [1, 2, 1]) {
      expect((await post(`${service.url}/v1/models/tiny/versions/${version}:predict`, body)).status).toBe(200)
      expect((await ask(`${service.url}/healthz`)).body).toEqual({ status: 'ok', loaded: [`tiny:${version}`] })
    }
  })

  it('is one that waited with its kernels loaded, when there is a spare', async () => {
    const service = await start({ spares: 1 })
    const [spare] = childrenOf(process.pid)
    const reply = await post(`${service.url}/v1/models/tiny:predict`, body)
    expect(reply.headers.get('server-timing')).toMatch(/load;dur=\d/)
    process.kill(spare ?? 0, 'SIGKILL')
    const health = async () => (await ask(`${service.url}/healthz`)).body as { loaded: string[] }
    expect(await until(async () => (await health()).loaded.length === 0, 5000)).toBe(true)
  })

  it('sees nothing of the service environment', async () => {
    process.env.MAAS_TEST_SECRET = 'hunter2'
    const service = await start({ spares: 0 })
    await post(`${service.url}/v1/models/tiny:predict`, body)
    delete process.env.MAAS_TEST_SECRET
    const { readFileSync } = await import('node:fs')
    const environments = childrenOf(process.pid).map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'))
    expect(environments.length).toBe(1)
    expect(environments[0]).not.toContain('hunter2')
  })
})

it('a model that takes too long fails with 504, and its process is replaced', async () => {
  const service = await start({ modelLimits: { predictMs: 1 }, spares: 0 })
  const reply = await post(`${service.url}/v1/models/tiny:predict`, { instances: rowsOf(500) })
  expect([reply.status, reply.body]).toEqual([504, { error: 'The model did not answer within 0.001 s.' }])
  const health = async () => (await ask(`${service.url}/healthz`)).body as { loaded: string[] }
  expect(await until(async () => (await health()).loaded.length === 0, 5000)).toBe(true)
})

it('a caller that goes away before its turn is not answered, and the model does not work for it', async () => {
  const service = await start({ spares: 1 })
  const path = '/v1/models/tiny/versions/1:predict'
  const spare = childrenOf(process.pid)[0] ?? 0
  process.kill(spare, 'SIGSTOP')
  // As many as are sent to a process at once wait for this one, so that one more waits for its turn.
  const others = Array.from({ length: inFlight }, () => post(`${service.url}${path}`, body))
  const pause = () => new Promise((resolve) => setTimeout(resolve, 200))
  await pause()
  const { port } = service
  const headers = { 'content-type': 'application/json', 'x-request-id': 'gone' }
  const leaving = request({ host: '127.0.0.1', port, path, method: 'POST', headers }).on('error', () => {})
  leaving.end(JSON.stringify(body))
  await pause()
  leaving.destroy()
  await pause()
  process.kill(spare, 'SIGCONT')
  expect((await Promise.all(others)).map(({ status }) => status)).toEqual(Array(inFlight).fill(200))
  const line = () => service.entries.find(({ message, request_id: id }) => message === 'request' && id === 'gone')
  expect(await until(() => line() !== undefined, 3000)).toBe(true)
  expect(line()).toMatchObject({ status: 499 })
  const stats = (await ask(`${service.url}/v2/models/tiny/versions/1/stats`)).body
  expect(stats).toMatchObject({ model_stats: [{ inference_count: inFlight }] })
})

it('without native kernels the WASM backend answers, with the same numbers, and says so once', async () => {
  const { XDG_CACHE_HOME: cache } = process.env
  const native = await start({ spares: 0 })
  const expected = (await post(`${native.url}/v1/models/tiny:predict`, body)).body as { predictions: number[][] }
  process.env.XDG_CACHE_HOME = registry.folder
  try {
    const service = await start({ spares: 2 })
    const reply = await post(`${service.url}/v1/models/tiny:predict`, body)
    const values = (reply.body as { predictions: number[][] }).predictions.flat()
    for (const [at, value] of values.entries()) expect(value).toBeCloseTo(expected.predictions.flat()[at] ?? -1, 5)
    const said = service.entries.filter(({ message }) => message.includes('using the WASM backend'))
    expect(said.length).toBe(1)
  } finally {
    if (cache === undefined) delete process.env.XDG_CACHE_HOME
    else process.env.XDG_CACHE_HOME = cache
  }
})

it('a damaged version is unavailable, not the service, and the log names the file', async () => {
  const own = await makeRegistry()
  closing.push(own.remove)
  const [artifact] = own.artifacts
  if (artifact !== undefined) {
    await own.registry.register('tiny', asVersion(artifact, { files: { 'weights.bin': new Uint8Array(12) } }))
  }
  const { files } = await own.registry.manifest('tiny', 2)
  const { sha256 = '' } = files.find(({ path }) => path === 'weights.bin') ?? {}
  const store = createFileStore(own.root)
  const { body: whole } = await store.get(`blobs/sha256/${sha256}`)
  await store.put(`blobs/sha256/${sha256}`, whole.subarray(1))
  const service = await start({ root: own.root, spares: 0 })
  const predict = (version: number) => post(`${service.url}/v1/models/tiny/versions/${version}:predict`, body)
  for (const version of [2, 3]) {
    const reply = await predict(version)
    expect([reply.status, reply.headers.get('retry-after')]).toEqual([503, '5'])
    expect(reply.body).toEqual({ error: expect.stringContaining(`tiny:${version} is unavailable`) })
    expect(JSON.stringify(reply.body)).not.toMatch(/weights|model\.json|blobs/)
  }
  const said = service.entries.flatMap(({ level, message }) => (level === 'error' ? [message] : []))
  expect(said).toEqual([
    expect.stringMatching(/^file "weights.bin" of tiny:2 is damaged: .* restore blobs.* or register the model again/),
    expect.stringMatching(/^the model of tiny:3 is damaged/),
  ])
  expect(await predict(1)).toMatchObject({ status: 200 })
})

describe('the control plane', () => {
  it('deletes what no alias points at, and refuses the rest', async () => {
    const own = await makeRegistry()
    closing.push(own.remove)
    const service = await start({ root: own.root })
    const headers = { 'content-type': 'application/json' }
    expect((await ask(`${service.url}/models`)).body).toMatchObject({
      models: [{ name: 'tiny', versions: expect.arrayContaining([1, 2]) }],
    })
    const kept = await ask(`${service.url}/models/tiny/versions/1`, { method: 'DELETE', headers })
    expect([kept.status, kept.body]).toEqual([409, { error: expect.objectContaining({ code: 'conflict' }) }])
    expect((await ask(`${service.url}/models/tiny/versions/2`, { method: 'DELETE' })).status).toBe(204)
    expect((await ask(`${service.url}/models/tiny/versions/2`)).status).toBe(404)
  })
})

describe('the command', () => {
  const maas = fileURLToPath(new URL('../../../sdk/bin/maas.mjs', import.meta.url))
  interface Serving {
    readonly child: ChildProcess
    readonly output: () => string
    readonly ended: Promise<number | string>
  }
  const serve = (...args: string[]): Serving => launch([], args)
  const launch = (shell: readonly string[], args: readonly string[], env: NodeJS.ProcessEnv = {}): Serving => {
    const [command = '', ...all] = [...shell, process.execPath, maas, 'serve', '--root', root(), '--json', ...args]
    const child = spawn(command, all, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data) => {
        text += data
      })
    }
    const ended = new Promise<number | string>((resolve) =>
      child.once('close', (code, signal) => resolve(signal ?? code ?? -1)),
    )
    closing.push(async () => {
      child.kill('SIGKILL')
      await ended
    })
    return { child, output: () => text, ended }
  }
  const root = () => registry.folder
  const listening = async (output: () => string): Promise<string> => {
    expect(await until(() => output().includes('"listening"'), 20_000), output()).toBe(true)
    return /"url":"([^"]+)"/.exec(output())?.[1] ?? ''
  }

  it.each(['SIGINT', 'SIGTERM'] as const)('ends well on %s and leaves no process behind', async (signal) => {
    const { child, output, ended } = serve('--port', '0')
    const url = await listening(output)
    await ask(`${url}/healthz`)
    const children = childrenOf(child.pid ?? 0)
    expect(children.length).toBeGreaterThan(0)
    child.kill(signal)
    expect(await ended).toBe(0)
    expect(await until(() => !children.some(isAlive), 5000)).toBe(true)
  })

  it('ends well when npm ends the shell it was started by, which passes no signal on', async () => {
    const shell = ['sh', '-c', '"$@"; :', 'sh']
    const { child, output, ended } = launch(shell, ['--port', '0'], { npm_command: 'exec' })
    await listening(output)
    const [served = 0] = childrenOf(child.pid ?? 0)
    const all = [served, ...childrenOf(served)]
    expect(all.length).toBeGreaterThan(1)
    child.kill('SIGTERM')
    expect(await ended).toBe('SIGTERM')
    expect(await until(() => !all.some(isAlive), 5000)).toBe(true)
  })

  it('leaves no process behind when it is killed', async () => {
    const { child, output, ended } = serve('--port', '0')
    await listening(output)
    const children = childrenOf(child.pid ?? 0)
    child.kill('SIGKILL')
    await ended
    expect(await until(() => !children.some(isAlive), 10_000)).toBe(true)
  })

  it('ends at once on a signal while it starts', async () => {
    const { child, ended } = serve('--port', '0')
    await new Promise((resolve) => setTimeout(resolve, 300))
    child.kill('SIGINT')
    const started = performance.now()
    await ended
    expect(performance.now() - started).toBeLessThan(5000)
  })

  it('says which port is taken and how to choose another', async () => {
    const service = await start()
    const { output, ended } = serve('--port', String(service.port))
    expect(await ended).toBe(1)
    expect(output()).toContain(`Port ${service.port}`)
    expect(output()).toContain('--port')
  })
})
