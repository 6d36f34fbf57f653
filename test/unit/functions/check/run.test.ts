/** Processes that touch a model: each has one task, and may have been started before it was known. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ChildRunner, childRunner } from '../../../../functions/check/run.ts'

/** Notes when it was started, waits for its task, and does what the task's folder is called. */
const program = `
import { appendFileSync, writeFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
appendFileSync(new URL('started', import.meta.url), process.pid + '\\n')
const given = await text(process.stdin)
if (given !== '') {
  const { task, directory } = JSON.parse(given)
  if (directory.endsWith('fail')) { console.error('first words'); console.error('last words'); process.exit(3) }
  if (directory.endsWith('hang')) setInterval(() => {}, 1000)
  if (directory.endsWith('linger')) setInterval(() => {}, 1000)
  writeFileSync(directory, JSON.stringify({ task, pid: process.pid, environment: Object.keys(process.env) }))
  if (directory.endsWith('linger')) process.stdout.write('finished\\n')
}
`

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('the process of a check', () => {
  let directory: string
  let runner: ChildRunner
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'maas-run-'))
    await writeFile(join(directory, 'program.mjs'), program)
    runner = childRunner({ entry: join(directory, 'program.mjs'), limits: { milliseconds: 20_000 } })
  })
  afterAll(async () => {
    runner.close()
    await rm(directory, { recursive: true, force: true })
  })

  const started = async (): Promise<readonly string[]> =>
    (await readFile(join(directory, 'started'), 'utf8').catch(() => '')).split('\n').filter((line) => line !== '')
  const untilStarted = async (count: number): Promise<string> => {
    for (;;) {
      const pid = (await started())[count - 1]
      if (pid !== undefined) return pid
      await sleep(20)
    }
  }
  const outcome = async (name: string) => JSON.parse(await readFile(join(directory, name), 'utf8'))

  it('takes the process that was prepared, once, and sees nothing of the environment', async () => {
    runner.prepare()
    runner.prepare()
    const prepared = await untilStarted(1)
    expect(await runner.run('vet', join(directory, 'one'))).toBeUndefined()
    expect(await runner.run('replay', join(directory, 'two'))).toBeUndefined()
    expect(await outcome('one')).toMatchObject({ task: 'vet', pid: Number(prepared) })
    expect((await outcome('two')).pid).not.toBe(Number(prepared))
    expect((await outcome('one')).environment).not.toContain('PATH')
    expect(await started()).toHaveLength(2)
  })

  it('does not wait for a process that has said that it is finished, and ends it', async () => {
    expect(await runner.run('vet', join(directory, 'linger'))).toBeUndefined()
    const { pid } = await outcome('linger')
    await expect.poll(() => isAlive(pid), { timeout: 10_000 }).toBe(false)
  })

  it('starts another one where the prepared one is gone', async () => {
    const before = (await started()).length
    runner.prepare()
    process.kill(Number(await untilStarted(before + 1)), 'SIGKILL')
    await sleep(200)
    expect(await runner.run('vet', join(directory, 'three'))).toBeUndefined()
  })

  it('says how a process ended that did not end well', async () => {
    expect(await runner.run('vet', join(directory, 'fail'))).toBe('ended with code 3: last words')
    const hasty = childRunner({ entry: join(directory, 'program.mjs'), limits: { milliseconds: 1500 } })
    expect(await hasty.run('vet', join(directory, 'hang'))).toBe('took longer than 1.5 s')
  })

  it('ends a prepared process that nobody needs', async () => {
    const before = (await started()).length
    runner.prepare()
    const pid = Number(await untilStarted(before + 1))
    runner.close()
    await sleep(200)
    expect(() => process.kill(pid, 0)).toThrow('ESRCH')
  })
})
