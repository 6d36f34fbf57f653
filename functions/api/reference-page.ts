/** The page at /docs: every route with what it takes, what it answers and how to call it. No script, no request to anywhere. */
import { type Contents, operationIdOf, type Route, routes, snippetsOf, tags } from '@maas/core/contract'
import { html, type Markup, style } from '@maas/core/html'
import * as z from 'zod'

export const referencePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const layout = `
.route { margin: 10px 0 } .route summary { cursor: pointer; display: flex; gap: 10px; align-items: baseline; flex-wrap: wrap }
.route summary b { font: 600 13px ui-monospace, Menlo, Consolas, monospace; min-width: 54px; color: var(--train) }
.route summary code { overflow-wrap: anywhere } .route summary span { color: var(--soft); font-size: 13px }
.route h3 { margin: 16px 0 6px } .route pre { white-space: pre-wrap; overflow-wrap: anywhere }
nav a { margin-right: 14px } a { color: var(--train) }
`

const schemaText = (schema: z.ZodType, io: 'input' | 'output'): string => {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return JSON.stringify(rest, null, 2)
}

const bodies = (title: string, contents: Contents | undefined, io: 'input' | 'output'): Markup =>
  html`${Object.entries(contents ?? {}).map(([type, schema]) =>
    schema === 'binary'
      ? html`<h3>${title}: ${type}</h3><p class="soft">Bytes as they are.</p>`
      : html`<h3>${title}: ${type}</h3><details><summary>JSON Schema</summary><pre>${schemaText(schema, io)}</pre></details>`,
  )}`

const section = (route: Route): Markup => {
  const { curl, typescript, python } = snippetsOf(route, 'http://127.0.0.1:8501')
  return html`<details class="route card" id="${operationIdOf(route)}">
<summary><b>${route.method}</b><code>${route.path}</code><span>${route.summary}</span></summary>
${bodies('Takes', route.request, 'input')}
${bodies(`Answers ${route.response.status}`, route.response.contents, 'output')}
<h3>curl</h3><pre>${curl}</pre>
<h3>TypeScript</h3><pre>${typescript}</pre>
<h3>Python</h3><pre>${python}</pre>
</details>`
}

const group = (right: Route['right']): Markup => html`<h2>${tags[right]}</h2>
${right !== 'none' && html`<p class="soft">Where keys are on, the key in <code>x-api-key</code> needs the right <code>${right}</code>.</p>`}
${routes.filter((route) => route.right === right).map(section)}`

export const referencePage = (): string =>
  html`<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>maas: HTTP reference</title>
<style>${style}${layout}</style></head>
<body><main>
<h1>HTTP reference</h1>
<p class="soft">Made from the contract that the service itself checks requests against.</p>
<nav><a href="openapi.json">openapi.json</a> <a href="./">playground</a></nav>
${(['data', 'control', 'none'] as const).map(group)}
</main></body></html>`.text
