/**
 * The command `npm run docs`: writes openapi.json, docs/http.md and the SDK's types from the route table, docs/cost.md from prices
 * and configuration, the import fences from their table, docs/keras-support.md from the conversion rules and the results kept beside the fixtures.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { openApi } from '@maas/core/contract'
import { costPage } from '../infra/cost.ts'
import { openApiTypes } from '../sdk/build/openapi-types.ts'
import { fences } from './fences.ts'
import { httpReference } from './http-reference.ts'
import { kerasSupport } from './keras-support.ts'

const root = new URL('..', import.meta.url)
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string }

export const generated = (): Readonly<Record<string, string>> => ({
  'openapi.json': `${JSON.stringify(openApi(version), null, 2)}\n`,
  'biome.fences.json': fences(),
  'docs/cost.md': costPage(),
  'docs/http.md': httpReference(),
  'sdk/src/openapi.ts': openApiTypes(openApi(version)),
  'docs/keras-support.md': kerasSupport(),
})

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [path, text] of Object.entries(generated())) writeFileSync(new URL(path, root), text)
}
