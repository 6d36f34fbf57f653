/** The contract as an answer: OpenAPI for programs, a page for people. */
import { type ApiOperation, openApi } from '@maas/core/contract'
import type { Handler } from '@maas/core/http'
import manifest from './package.json' with { type: 'json' }
import { referencePage, referencePolicy } from './reference-page.ts'

export const documentHandlers = (): Record<Extract<ApiOperation, 'openApi' | 'docs'>, Handler> => ({
  openApi: () => ({ json: openApi(manifest.version) }),
  docs: () => ({
    body: new TextEncoder().encode(referencePage()),
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': referencePolicy },
  }),
})
