/** The counts behind the closing line of `npm test`, taken from a real run of vitest over samples of every outcome. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'reporter-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

it('counts passed, failed and skipped tests, unreadable files, and keeps the reasons of skips', () => {
  writeFileSync(
    join(folder, 'a.test.js'),
    `test('good', () => {})
     test('bad', () => { throw new Error('no') })
     test('left out', (context) => context.skip('no kernels here'))`,
  )
  writeFileSync(join(folder, 'b.test.js'), `import './absent.js'`)
  const report = join(folder, 'report.json')
  spawnSync(
    process.execPath,
    ['node_modules/vitest/vitest.mjs', 'run', '--globals', `--root=${folder}`].concat(
      `--reporter=${resolve('test/tools/reporter.mjs')}`,
    ),
    { env: { ...process.env, MAAS_TEST_REPORT: report } },
  )
  const { passed, failed, skipped } = JSON.parse(readFileSync(report, 'utf8'))
  expect(passed).toBe(1)
  expect(failed).toHaveLength(2)
  expect(failed).toContainEqual(expect.stringMatching(/a\.test\.js: bad$/))
  expect(failed).toContainEqual(expect.stringMatching(/b\.test\.js: .*absent/))
  expect(skipped).toEqual([{ test: expect.stringMatching(/left out$/), reason: 'no kernels here' }])
})
