/** Proves that `maas … | head` ends without a word: the reader has what it wanted. */
import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'

it('a reader that ends early is no error of the command', () => {
  const pipe = 'node sdk/bin/maas.mjs --help | head -n 1; echo "$PIPESTATUS"'
  const { stdout, stderr } = spawnSync('bash', ['-c', pipe], { encoding: 'utf8' })
  expect(stderr).toBe('')
  expect(stdout).toBe('Usage: maas [options] [command]\n141\n')
})
