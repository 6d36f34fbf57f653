/** Proves that `maas … | head` ends without a word once the reader has what it wanted. */
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('a reader that ends early is no error of the command', () => {
  // A reader that is gone before Node has even started; `head` may still be there when a short text has been written.
  const pipe = 'node sdk/bin/maas.mjs --help | :; echo "$PIPESTATUS"'
  const { stdout, stderr } = spawnSync('bash', ['-c', pipe], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toBe('141\n')
})
