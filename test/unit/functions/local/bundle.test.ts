/** Programs that start from a bundle: they run as from source, and leave V8's compiled code for the next start. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { compiledOf } from '../../../../functions/local/bundle.mjs'

const folder = mkdtempSync(join(tmpdir(), 'maas-bundle-'))
const made: string[] = [folder]
afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true, force: true })
})

it('a bundled program runs with its arguments, also from kept, damaged and foreign code', async () => {
  const entry = join(folder, 'tiny.ts')
  writeFileSync(
    entry,
    `import { sep } from 'node:path'
    void import('node:os').then(({ EOL }) => console.log([...process.argv.slice(2), sep, EOL.length].join(' ')))`,
  )
  const start = await compiledOf(entry)
  made.push(dirname(start))
  expect(await compiledOf(entry)).toBe(start)
  const run = () => execFileSync(process.execPath, [start, 'one', 'two'], { encoding: 'utf8' })
  const kept = () => readdirSync(dirname(start)).filter((name) => name.endsWith('.code'))
  expect(kept()).toEqual([])
  expect(run()).toBe('one two / 1\n')
  const [code = ''] = kept()
  const path = join(dirname(start), code)
  const before = statSync(path).mtimeMs
  expect(run()).toBe('one two / 1\n')
  expect(statSync(path).mtimeMs).toBe(before)
  const whole = readFileSync(path)
  writeFileSync(path, whole.subarray(0, 100))
  expect(run()).toBe('one two / 1\n')
  expect(readFileSync(path).length).toBeGreaterThan(100)
  expect(kept()).toEqual([code])
})
