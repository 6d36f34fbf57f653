/** The page at /docs: every route with what it takes, what it answers and how to call it. No script, no request to anywhere. */
import { type Contents, operationIdOf, type Route, routes, snippetsOf, tags } from '@maas/core/contract'
import { html, Markup, style } from '@maas/core/html'
import * as z from 'zod'

export const referencePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const layout = new Markup(`
header { border-bottom: 1px solid var(--line); background: var(--card) }
header div { display: flex; flex-wrap: wrap; align-items: center; gap: 0 24px; max-width: 1080px; min-height: 56px; margin: 0 auto; padding: 0 20px }
header a { color: var(--soft); text-decoration: none } header a:hover { color: var(--ink) }
header .brand { display: flex; gap: 8px; min-height: 48px; align-items: center; font-weight: 700; color: var(--ink) }
header nav { display: flex; gap: 20px } header nav a { padding: 16px 0; border-bottom: 2px solid transparent; margin-bottom: -1px; white-space: nowrap }
header [aria-current] { color: var(--ink); border-bottom-color: var(--train) } a { color: var(--train) }
.route { margin: 8px 0; padding: 0 } .route > summary { cursor: pointer; padding: 12px 16px; display: grid; gap: 2px 12px; grid-template-columns: 60px minmax(0, 1fr); list-style: none }
.route > summary::-webkit-details-marker { display: none } .route > summary:hover { background: var(--grid) } .route[open] > summary { border-bottom: 1px solid var(--line) }
.route > summary b { font: 600 12px/1.8 ui-monospace, Menlo, Consolas, monospace; color: var(--train) } .route > summary b.DELETE { color: var(--wrong) } .route > summary b.GET { color: var(--good) }
.route > summary code { overflow-wrap: anywhere; font-weight: 600 } .route > summary span { grid-column: 2; color: var(--soft); font-size: 13px }
.route > div { padding: 4px 16px 16px } .route h3 { margin: 16px 0 6px; font-size: 13px } .route pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--page); max-height: 60vh; overflow-y: auto }
.route details summary { color: var(--soft); font-size: 13px; cursor: pointer } .route details pre { margin-top: 8px }
.snippets { display: grid; gap: 0 16px; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)) } .snippets > div { min-width: 0 }
`)

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
<summary><b class="${route.method}">${route.method}</b><code>${route.path}</code><span>${route.summary}</span></summary>
<div>
${bodies('Takes', route.request, 'input')}
${bodies(`Answers ${route.response.status}`, route.response.contents, 'output')}
<h3>curl</h3><pre>${curl}</pre>
<div class="snippets"><div><h3>TypeScript</h3><pre>${typescript}</pre></div><div><h3>Python</h3><pre>${python}</pre></div></div>
</div>
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
<body>
<header><div><a class="brand" href="./#/"><img src="playground/icon.svg" alt="" width="24" height="24">maas</a><nav aria-label="Pages"><a href="./#/">Models</a><a href="./#/try">Try</a><a href="./#/jobs">Jobs</a><a href="docs" aria-current="page">HTTP reference</a></nav></div></header>
<main>
<h1>HTTP reference</h1>
<p class="soft">Made from the contract that the service itself checks requests against: the same as <a href="openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${(['data', 'control', 'none'] as const).map(group)}
</main></body></html>`.text
