import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EndedError, startWorker } from '../../../../functions/local/process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'maas-process-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** A process that runs the text; what was said of its end is kept. */
const start = async (text: string) => {
  const entry = join(folder, `${crypto.randomUUID()}.mjs`)
  await writeFile(entry, text)
  const crashed: string[] = []
  const worker = startWorker({
    program: { entry, args: [] },
    notice: () => {},
    crashed: (words) => crashed.push(words),
  })
  return { worker, crashed }
}
const load = { type: 'load', root: '/r', name: 'm', version: 1 } as const
const forEver = 'setInterval(() => {}, 1000)'

describe('a call to a process', () => {
  it('that has ended, is ending or ends meanwhile fails as one that may be tried elsewhere', async () => {
    const { worker, crashed } = await start(`process.stderr.write('no memory'); process.exit(3)`)
    const before = worker.call(load, 10_000)
    await expect(before).rejects.toBeInstanceOf(EndedError)
    expect(await worker.ended).toBe('exit code 3')
    await expect(worker.call(load, 10_000)).rejects.toThrow('ended (exit code 3)')
    expect(crashed).toEqual([`A model's process (${worker.pid}) ended: exit code 3. no memory`])
    const { worker: killed, crashed: silent } = await start(forEver)
    killed.kill()
    await expect(killed.call(load, 10_000)).rejects.toBeInstanceOf(EndedError)
    expect(silent).toEqual([])
  })

  it('that is not answered in time ends it', async () => {
    const { worker } = await start(forEver)
    await expect(worker.call(load, 50)).rejects.toMatchObject({ code: 'timeout' })
    expect(await worker.ended).toBe('SIGKILL')
  })
})
