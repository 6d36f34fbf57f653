/** Programs that start from a bundle: they run as from source, and leave V8's compiled code for the next start. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { bundleOf, compiledOf } from '../../../../functions/local/bundle.mjs'

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

it('a bundle keeps the place that its program was written in, and the names of its classes', async () => {
  const entry = join(folder, 'place.ts')
  writeFileSync(
    entry,
    'export const place: string = import.meta.url\nexport class PlainName {}\nexport const text = "import.meta.url"\n',
  )
  const bundle = await bundleOf(entry)
  made.push(dirname(bundle))
  const { place, PlainName, text } = await import(pathToFileURL(bundle).href)
  expect([place, PlainName.name, text]).toEqual([pathToFileURL(entry).href, 'PlainName', 'import.meta.url'])
  writeFileSync(entry, 'export const place = 2\n')
  const other = await bundleOf(entry)
  made.push(dirname(other))
  expect(other).not.toBe(bundle)
  writeFileSync(entry, 'export const = 1\n')
  await expect(bundleOf(entry)).rejects.toThrow('Build failed')
})

it('bundles that are asked for at once are all made', async () => {
  const entries = ['one', 'two', 'three'].map((name) => join(folder, `${name}.ts`))
  for (const entry of entries) writeFileSync(entry, `console.log(${JSON.stringify(entry)})\n`)
  const bundles = await Promise.all([...entries.map(bundleOf), compiledOf(entries[0] ?? '')])
  made.push(...bundles.map(dirname))
  const said = bundles.map((bundle) => execFileSync(process.execPath, [bundle], { encoding: 'utf8' }))
  expect(said).toEqual([...entries, entries[0]].map((entry) => `${entry}\n`))
})
