/** The client as it is packed: installed in an empty folder, used from ESM, CommonJS, TypeScript and a real browser. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { type BuildOptions, build } from 'esbuild'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packSdk } from '../../../sdk/build/pack.ts'
import type { loadModel as load } from '../../../sdk/src/index.ts'
import { chromiumPath, noChromium, startBrowser } from '../../support/browser.ts'
import { makeRegistry, rowsOf, runService } from '../serve/running.ts'

const run = promisify(execFile)
const require = createRequire(import.meta.url)

let folder: string
let registry: Awaited<ReturnType<typeof makeRegistry>>
let service: Awaited<ReturnType<typeof runService>>
let photo: Buffer
/** What the service answers to plain fetch. */
let expected: unknown

beforeAll(async () => {
  const scratch = await mkdtemp(join(tmpdir(), 'maas-packed-'))
  folder = join(scratch, 'app')
  await mkdir(folder)
  const tarball = await packSdk(scratch)
  await writeFile(join(folder, 'package.json'), '{"name":"app","private":true}')
  await run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], { cwd: folder })
  registry = await makeRegistry()
  service = await runService({ root: registry.root })
  photo = await sharp({ create: { width: 20, height: 16, channels: 3, background: '#3366cc' } })
    .jpeg()
    .toBuffer()
  await writeFile(join(folder, 'photo.jpg'), photo)
  const response = await fetch(`${service.url}/v1/models/tiny/labels/production:classify`, {
    method: 'POST',
    headers: { 'content-type': 'image/jpeg' },
    body: new Uint8Array(photo),
  })
  const { results } = (await response.json()) as { results: [string, number][][] }
  expected = results[0]?.map(([label, probability]) => ({ label, probability }))
})
afterAll(async () => {
  await service?.close()
  await registry?.remove()
  if (folder) await rm(dirname(folder), { recursive: true, force: true })
})

/** Prints what a program in the folder prints as JSON. */
const outputOf = async (name: string, program: string): Promise<unknown> => {
  await writeFile(join(folder, name), program)
  const { stdout } = await run(process.execPath, [name], {
    cwd: folder,
    env: { MAAS_URL: service.url, HOME: folder },
  })
  return JSON.parse(stdout)
}

const use = `
  const model = await loadModel('tiny@production')
  const [scores] = await model.classify(['photo.jpg'])
  const job = await new Maas().call('describeTrainingJob', { path: { job: 'none' } }).catch((error) => error)
  const file = await loadModel('model.h5').catch((error) => error)
  console.log(JSON.stringify({ scores, job: [job instanceof NotFoundError, job.status], file: [file.name, file.message] }))`

it('installs alone: no dependency, nothing of the repository', async () => {
  expect((await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'))).toEqual(['maas'])
  const packed = join(folder, 'node_modules/maas')
  expect((await readdir(packed)).toSorted()).toEqual(['README.md', 'browser', 'cjs', 'esm', 'package.json'])
  for (const form of ['esm', 'cjs', 'browser']) {
    const text = await readFile(join(packed, form, 'index.js'), 'utf8')
    const imported = [...text.matchAll(/(?:from|import\(|require\()\s*["']([^"']+)/g)].map(([, name]) => name)
    expect(imported.filter((name) => !name?.startsWith('node:'))).toEqual([])
    if (form === 'browser') expect(text).not.toContain('node:crypto')
  }
})

describe.each([
  ['ESM', 'program.mjs', `import { loadModel, Maas, NotFoundError } from 'maas'\n${use}`],
  [
    'CommonJS',
    'program.cjs',
    `const { loadModel, Maas, NotFoundError } = require('maas')\n;(async () => {${use}\n})()`,
  ],
])('from %s', (_, name, program) => {
  it('answers as the service does, fails in classes, and says why a file cannot run here', async () => {
    expect(await outputOf(name, program)).toEqual({
      scores: expected,
      job: [true, 404],
      file: ['UnsupportedError', expect.stringContaining('this package is the client alone')],
    })
  })
})

describe('its types', () => {
  const check = async (text: string, ...names: string[]): Promise<string> => {
    for (const name of names) await writeFile(join(folder, name), text)
    const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
    const flags = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', '', ...names]
    return run(process.execPath, [tsc, ...flags], { cwd: folder }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    )
  }
  const typed = `
    export const ask = async (): Promise<number> => {
      const maas = new Maas({ url: 'http://127.0.0.1:1' })
      const { versions } = await maas.call('listVersions', { path: { model: 'm' } })
      const moved: AliasRecord = await maas.call('moveAlias', { path: { model: 'm', alias: 'a' }, body: { version: 2 } })
      await maas.call('health', {})
      return (versions[0]?.version ?? 0) + moved.generation
    }`
  const names = "import { Maas, type AliasRecord } from 'maas'"

  it('hold in modules and in CommonJS, under strict', async () => {
    expect(await check(names + typed, 'typed.mts', 'typed.cts')).toBe('')
  })

  it('refuse an operation, a parameter and a body that are not there', async () => {
    const wrong = `${names}
      const maas = new Maas({ url: '' })
      maas.call('listVersion', { path: { model: 'm' } })
      maas.call('listVersions', {})
      maas.call('moveAlias', { path: { model: 'm', alias: 'a' }, body: { version: 'two' } })
      export type Used = AliasRecord`
    const errors = (await check(wrong, 'wrong.mts')).split('\n').filter((line) => line.startsWith('wrong.mts'))
    expect(errors.map((line) => /\((\d+),/.exec(line)?.[1])).toEqual(['3', '4', '5'])
  })
})

describe('for a browser', () => {
  it('is what bundlers take, with nothing of Node in it', async () => {
    await writeFile(join(folder, 'page.js'), "import { loadModel } from 'maas'\nwindow.load = loadModel")
    const bundled = async (options: BuildOptions): Promise<string> => {
      const entryPoints = [join(folder, 'page.js')]
      const { outputFiles = [] } = await build({
        entryPoints,
        bundle: true,
        write: false,
        format: 'esm',
        platform: 'browser',
        logLevel: 'silent',
        ...options,
      })
      return outputFiles.map(({ text }) => text).join('')
    }
    const text = await bundled({})
    expect(text).toContain('NotFoundError')
    expect(text).not.toContain('node:crypto')
    // Negative control: the form for Node does not pass.
    await expect(bundled({ alias: { maas: join(folder, 'node_modules/maas/esm/index.js') } })).rejects.toThrow('node:')
  })

  it.skipIf(chromiumPath === undefined)(
    `classifies in Chromium, and says that there are no files${chromiumPath === undefined ? ` (${noChromium})` : ''}`,
    async () => {
      const browser = await startBrowser()
      try {
        const page = await browser.newPage()
        // The page says when it has it: an import in what is sent to the page would be the test runner's.
        const html = `<!doctype html><title>waits</title><script type="module">
          import { loadModel } from './index.js'
          Object.assign(window, { loadModel })
          document.title = 'ready'
        </script>`
        const script = await readFile(join(folder, 'node_modules/maas/browser/index.js'), 'utf8')
        await page.route(`${service.url}/test/**`, (route) =>
          route.request().url().endsWith('.js')
            ? route.fulfill({ contentType: 'text/javascript', body: script })
            : route.fulfill({ contentType: 'text/html', body: html }),
        )
        await page.goto(`${service.url}/test/page`)
        await page.waitForFunction(() => document.title === 'ready')
        const got = await page.evaluate(
          async ([url, base64]) => {
            const { loadModel } = window as unknown as { loadModel: typeof load }
            const model = await loadModel('tiny@production', { url })
            const blob = await (await fetch(`data:image/jpeg;base64,${base64}`)).blob()
            const [scores] = await model.classify(blob)
            const two = await model.classify([blob, await blob.arrayBuffer()])
            const path = await model.classify('photo.jpg').catch((error: Error) => error.message)
            return { scores, two, path }
          },
          [service.url, photo.toString('base64')] as const,
        )
        expect(got).toEqual({
          scores: expected,
          two: [expect.any(Array), expect.any(Array)],
          path: expect.stringContaining("give the image's bytes, a Blob or a File"),
        })
      } finally {
        await browser.close()
      }
    },
  )
})

it('gives tensors for tensors, as the repository’s own client does', async () => {
  const data = JSON.stringify(rowsOf(1).flat(3))
  const got = await outputOf(
    'tensors.mjs',
    `import { loadModel } from 'maas'
    const model = await loadModel('tiny:1')
    const answer = await model.predict({ data: Float32Array.from(${data}), shape: [1, 8, 8, 3] })
    console.log(JSON.stringify({ shape: answer.shape, isFloat: answer.data instanceof Float32Array }))`,
  )
  expect(got).toEqual({ shape: [1, 3], isFloat: true })
})
