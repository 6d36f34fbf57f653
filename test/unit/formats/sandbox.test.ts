/** The process that reads files from outside: what it may not do, and how it is ended. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import h5wasm from 'h5wasm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FrameReader } from '../../../layers/core/formats/hdf5/frame.ts'
import { prepareHdf5, readHdf5 } from '../../../layers/core/formats/hdf5/index.ts'
import { FS } from '../../../layers/core/formats/hdf5/parse.mjs'
import { finishHdf5 } from '../../../layers/core/formats/hdf5/read.ts'
import { runSandboxed, type SandboxLimits } from '../../../layers/core/formats/sandbox/process.ts'
import { kerasFixture } from '../../support/keras-fixtures.ts'

/** Runs a program in the sandbox; what it printed, how it ended, and its process. */
const run = async (program: string, limits: SandboxLimits = {}) => {
  let printed = ''
  let pid = 0
  const ended = await runSandboxed({
    ...limits,
    name: 'model.h5',
    args: ['-e', program],
    cwd: tmpdir(),
    stdio: ['ignore', 'pipe', 'pipe'],
    output: (chunk) => {
      printed += Buffer.from(chunk).toString()
    },
    started: (child) => {
      pid = child.pid ?? 0
    },
  }).catch((error: Error) => ({ error }))
  return { ended, printed, isGone: () => !isRunning(pid) }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

const pages = (count: number) => `new WebAssembly.Memory({ initial: ${count} }); console.log('made')`

describe('the reading process', () => {
  it('is ended at its time limit, and gone', async () => {
    const { ended, isGone } = await run('for (;;) {}', { timeout: 700 })
    expect(ended).toMatchObject({
      error: { code: 'invalid_input', message: 'model.h5 could not be read within 0.7 s' },
    })
    expect(isGone()).toBe(true)
  })

  it('is ended when it takes more memory than it may', async () => {
    const { ended } = await run('const all = []; for (;;) all.push(Buffer.alloc(1e6, 1))', { memory: 200 * 1024 ** 2 })
    expect(ended).toMatchObject({
      error: { code: 'too_large', message: expect.stringMatching(/more than 200 MiB of memory/) },
    })
  })

  it("gets no more of WebAssembly's memory than the limit, and as much as that", async () => {
    const memory = 256 * 1024 ** 2
    expect(await run(pages(4000), { memory })).toMatchObject({ printed: 'made\n', ended: { code: 0 } })
    const { ended, printed } = await run(pages(5000), { memory })
    expect(printed).toBe('')
    expect(ended).toMatchObject({ code: 1, diagnostics: expect.stringContaining('RangeError') })
  })

  it('has an empty environment, and may read no file and start nothing', async () => {
    const { printed } = await run(`
      const { readFileSync } = require('node:fs'), { spawnSync } = require('node:child_process')
      const caught = (work) => { try { work(); return 'done' } catch (error) { return error.code } }
      console.log(JSON.stringify([Object.keys(process.env).filter((name) => !/^(PWD|SHLVL|_|OLDPWD)$/.test(name)),
        caught(() => readFileSync('/etc/passwd')), caught(() => spawnSync('true').error && 0)]))`)
    expect(JSON.parse(printed)).toEqual([[], 'ERR_ACCESS_DENIED', 'ERR_ACCESS_DENIED'])
  })
})

describe('an HDF5 file', () => {
  let folder: string
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'maas-links-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))

  const file = async (name: string, fill: (file: InstanceType<typeof h5wasm.File>) => void): Promise<string> => {
    await h5wasm.ready
    const made = new h5wasm.File(`/${name}`, 'w')
    made.create_dataset({ name: 'own', data: [1, 2, 3] })
    fill(made)
    made.close()
    const path = join(folder, name)
    await writeFile(path, FS.readFile(`/${name}`))
    return path
  }

  it('that links to another file is refused, though that file lies there to be read', async () => {
    await file('secret.h5', () => {})
    const path = await file('linked.h5', (made) =>
      made.create_external_link(join(folder, 'secret.h5'), '/own', 'borrowed'),
    )
    await expect(readHdf5(path, { name: 'linked.h5' })).rejects.toThrow(
      /borrowed is neither a group nor a dataset.*not followed/,
    )
  })

  it('without one is read', async () => {
    const path = await file('plain.h5', () => {})
    expect((await readHdf5(path, { name: 'plain.h5' })).datasets.get('own')?.shape).toEqual([3])
  })

  it('is read by a process that was up before, as by one that starts for it', async () => {
    const whole = await kerasFixture(3, 'lstm.h5')
    const path = join(folder, 'lstm.h5')
    await writeFile(path, whole)
    const expected = await readHdf5(path, { name: 'lstm.h5' })
    const prepared = prepareHdf5()
    try {
      // Two at once: only one finds the process that is up.
      const both = [prepared.readHdf5(path, { name: 'lstm.h5' }), prepared.readHdf5(whole, { name: 'lstm.h5' })]
      expect(await Promise.all(both)).toEqual([expected, expected])
    } finally {
      prepared.close()
    }
    const damaged = prepareHdf5()
    await expect(damaged.readHdf5(whole.subarray(0, 5000), { name: 'cut.h5' })).rejects.toThrow('cut.h5 cannot be read')
    const gone = prepareHdf5()
    gone.close()
    await expect.poll(() => gone.isUp(), { timeout: 10_000 }).toBe(false)
    expect(await gone.readHdf5(path, { name: 'lstm.h5' })).toEqual(expected)
  })

  const fixture = (name: string): string => fileURLToPath(new URL(`../../fixtures/hdf5/${name}`, import.meta.url))

  it.each([
    ['external-storage.h5', 'whose data lie in a file of the host', /unable to open external raw data file|external/],
    ['virtual.h5', 'whose data lie in the file beside it', /borrowed takes its data from other files/],
    ['virtual-own.h5', 'whose data are put together anew', /borrowed takes its data from other files/],
    ['bomb.h5', 'that unpacks to a million times its size', /datasets declare more than \d+ bytes/],
    ['absurd.h5', 'with a size beyond everything', /endless declares \d+ bytes, one dataset may have at most/],
  ])('%s, %s, is refused', async (name, _, why) => {
    const error = await readHdf5(fixture(name), { name }).catch((cause: Error) => cause)
    expect(error).toMatchObject({ code: 'invalid_input', message: expect.stringMatching(why) })
    expect(String(error)).not.toContain('root:')
  })

  it('which another one would take its data from is there to be read', async () => {
    const { datasets } = await readHdf5(fixture('other.h5'), { name: 'other.h5' })
    expect([...new Float32Array(datasets.get('own')?.data.slice().buffer ?? [])]).toEqual([42, 42, 42])
  })

  it('of which the library says anything is refused, though all of it was sent', () => {
    const json = Buffer.from(JSON.stringify({ root: { attributes: [], groups: [], datasets: [] } }))
    const head = Buffer.alloc(4)
    head.writeUInt32LE(json.length)
    const frame = new FrameReader(100)
    frame.push(Buffer.concat([head, json]))
    const end = (diagnostics: string) => () => finishHdf5('model.h5', frame, { code: 0, diagnostics })
    expect(end('')().groups.size).toBe(0)
    expect(end('#003: H5HG.c line 9 in H5HG_read(): bad heap index\n')).toThrow(
      'model.h5 cannot be read as HDF5: bad heap index',
    )
  })

  it.each([0.2, 0.6, 0.95])('cut off after %f of it is refused', async (part) => {
    const whole = await kerasFixture(3, 'lstm.h5')
    const cut = whole.subarray(0, Math.floor(whole.length * part))
    await expect(readHdf5(cut, { name: 'cut.h5' })).rejects.toMatchObject({ code: 'invalid_input' })
  })

  it('with a dataset over the limit is refused before any of it is read', async () => {
    const path = await file('large.h5', () => {})
    await expect(readHdf5(path, { name: 'large.h5', maxTensorBytes: 8 })).rejects.toThrow(
      /own declares \d+ bytes, one dataset may have at most 8/,
    )
  })
})
