import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { generated } from '../../../docs/generate.ts'

it.each(Object.entries(generated()))('%s is what npm run docs writes', (path, text) => {
  expect(readFileSync(path, 'utf8') === text, `${path} is stale: run npm run docs`).toBe(true)
})
