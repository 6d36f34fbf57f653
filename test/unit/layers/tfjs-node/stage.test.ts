/** A staged folder is there whole or not at all, whatever interrupts its making. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { stage } from '../../../../layers/tfjs-node/build/stage.mjs'
import { temporaryFolder } from './support.ts'

const write = (text: string) => async (directory: string) => writeFileSync(join(directory, 'file'), text)

/** No process has this id: it is above the kernel's largest. */
const deadProcess = 2 ** 22 + 1

describe('stage', () => {
  it('makes a folder once and then reuses it', async () => {
    const root = join(temporaryFolder(), 'deep', 'root')
    expect(await stage({ root, name: 'a' }, write('first'))).toEqual({ directory: join(root, 'a'), made: true })
    expect(await stage({ root, name: 'a' }, write('second'))).toMatchObject({ made: false })
    expect(readFileSync(join(root, 'a', 'file'), 'utf8')).toBe('first')
  })

  it('makes it anew when told to replace', async () => {
    const root = temporaryFolder()
    await stage({ root, name: 'a' }, write('first'))
    await stage({ root, name: 'a', replace: true }, write('second'))
    expect(readFileSync(join(root, 'a', 'file'), 'utf8')).toBe('second')
    expect(readdirSync(root)).toEqual(['a'])
  })

  it('leaves nothing when making fails', async () => {
    const root = temporaryFolder()
    const failing = stage({ root, name: 'a' }, async (directory) => {
      await write('half')(directory)
      throw new Error('no more')
    })
    await expect(failing).rejects.toThrow('no more')
    expect(readdirSync(root)).toEqual([])
  })

  it('lets two makers at once both succeed with one result', async () => {
    const root = temporaryFolder()
    const make = (text: string) =>
      stage({ root, name: 'a' }, async (directory) => {
        await sleep(50)
        await write(text)(directory)
      })
    const results = await Promise.all([make('one'), make('two')])
    expect(results.filter(({ made }) => made)).toHaveLength(1)
    expect(['one', 'two']).toContain(readFileSync(join(root, 'a', 'file'), 'utf8'))
    expect(readdirSync(root)).toEqual(['a'])
  })

  it('clears away what a killed build left, but not what runs on another host', async () => {
    const root = temporaryFolder()
    const dead = `.making~a~${hostname()}~${deadProcess}~00`
    const elsewhere = `.making~b~another-host~${deadProcess}~00`
    for (const name of [dead, elsewhere]) mkdirSync(join(root, name))
    await stage({ root, name: 'a' }, write('new'))
    expect(readdirSync(root).sort()).toEqual([elsewhere, 'a'])
  })

  it('recovers from kill -9 in the middle', async () => {
    const root = temporaryFolder()
    const module = fileURLToPath(new URL('../../../../layers/tfjs-node/build/stage.mjs', import.meta.url))
    const script = `import { stage } from ${JSON.stringify(module)}
      await stage({ root: ${JSON.stringify(root)}, name: 'a' }, () => new Promise((resolve) => setTimeout(resolve, 60_000)))`
    const child = spawn(process.execPath, ['--input-type=module', '--eval', script], { stdio: 'ignore' })
    while (readdirSync(root).length === 0) await sleep(20)
    expect(existsSync(join(root, 'a'))).toBe(false)
    const gone = new Promise((resolve) => child.on('close', resolve))
    child.kill('SIGKILL')
    await gone
    expect(await stage({ root, name: 'a' }, write('whole'))).toMatchObject({ made: true })
    expect(readdirSync(root)).toEqual(['a'])
  })

  it('waits for the same build in another process, and says so', async () => {
    const root = temporaryFolder()
    const other = spawn(process.execPath, ['--eval', 'setTimeout(() => {}, 60_000)'], { stdio: 'ignore' })
    try {
      const making = join(root, `.making~a~${hostname()}~${other.pid}~00`)
      mkdirSync(making)
      const waited: number[] = []
      const staged = stage({ root, name: 'a', onWait: (pid) => waited.push(pid) }, write('mine'))
      while (waited.length === 0) await sleep(20)
      mkdirSync(join(root, 'a'))
      expect(await staged).toMatchObject({ made: false })
      expect(waited).toEqual([other.pid])
    } finally {
      other.kill('SIGKILL')
    }
  })
})
