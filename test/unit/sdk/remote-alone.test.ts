/** Proves that a program which only talks to a service ships none of core, and no TensorFlow. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

let folder: string
let inputs: string[]
let packages: string[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sdk-alone-'))
  const { metafile } = await build({
    entryPoints: ['sdk/src/index.ts'],
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    outdir: folder,
    metafile: true,
  })
  // What loads with the entry: its own chunk and those it imports statically.
  const reached = new Set<string>()
  const follow = (output: string): void => {
    if (reached.has(output)) return
    reached.add(output)
    for (const { path, kind, external } of metafile.outputs[output]?.imports ?? []) {
      if (kind === 'import-statement' && !external) follow(path)
    }
  }
  const entry = Object.keys(metafile.outputs).find((output) =>
    metafile.outputs[output]?.entryPoint?.endsWith('index.ts'),
  )
  follow(entry ?? '')
  const outputs = [...reached].flatMap((output) => metafile.outputs[output] ?? [])
  inputs = outputs.flatMap((output) => Object.keys(output.inputs))
  packages = outputs.flatMap((output) =>
    output.imports.filter(({ external, kind }) => external && kind === 'import-statement').map(({ path }) => path),
  )
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('the remote client', () => {
  it('imports nothing but its own files', () => {
    expect(inputs.length).toBeGreaterThan(5)
    expect(inputs.filter((file) => !file.startsWith('sdk/src/'))).toEqual([])
    expect(inputs.filter((file) => file.startsWith('sdk/src/local/') || file.startsWith('sdk/src/cli/'))).toEqual([])
    expect(packages).toEqual([])
  })

  it('works where nothing is installed', async () => {
    const server = createServer((request, response) => {
      const info = { dtype: 'DT_FLOAT', tensor_shape: { dim: [{ size: '-1' }, { size: '1' }] } }
      const signature_def = { serving_default: { inputs: { x: info }, outputs: { y: info } } }
      const metadata = { model_spec: { version: '1' }, metadata: { signature_def: { signature_def } } }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify(request.url?.endsWith('/metadata') ? metadata : { predictions: [[42]] }))
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const program = join(folder, 'program.mjs')
    await writeFile(
      program,
      `import { loadModel } from './index.js'
      const model = await loadModel('m', { url: 'http://127.0.0.1:${(server.address() as AddressInfo).port}' })
      console.log(JSON.stringify(await model.predict([[1]])))`,
    )
    const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: folder, env: {} })
    server.close()
    expect(JSON.parse(stdout)).toEqual([[42]])
  })
})
