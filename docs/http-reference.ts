/** The HTTP reference as Markdown, made from the route table. */
import { type Contents, limits, type Route, routes, snippetsOf } from '@maas/core/contract'

const owners: Readonly<Record<Route['owner'], string>> = {
  predict: 'Predictions: what models answer',
  api: 'Models, jobs and everything that changes them',
  keys: 'API keys',
}

const types = (contents: Contents | undefined): string =>
  Object.keys(contents ?? {})
    .map((type) => `\`${type}\``)
    .join(', ') || '–'

const row = ({ method, path, summary, right }: Route): string =>
  `| \`${method} ${path}\` | ${summary.replaceAll('|', '\\|')} | ${right === 'none' ? 'nobody needs a key' : `\`${right}\``} |`

const example = (route: Route): string => {
  const { curl, typescript, python } = snippetsOf(route, 'http://127.0.0.1:8501')
  return [
    `### ${route.operation}`,
    '',
    `\`${route.method} ${route.path}\` takes ${types(route.request)}, answers ${route.response.status} with ${types(route.response.contents)}.`,
    '',
    '```sh',
    curl,
    '```',
    '```ts',
    typescript,
    '```',
    '```python',
    python,
    '```',
    '',
  ].join('\n')
}

export const httpReference = (): string => {
  const operations = [...new Map(routes.map((route) => [route.operation, route] as const).reverse()).values()].reverse()
  return [
    '# HTTP reference',
    '',
    'Written by `npm run docs` from the route table in `layers/core/contract`; do not edit. The same contract is in `openapi.json`, which a running service',
    'also answers at `/openapi.json`, and to read at `/docs`.',
    '',
    `Bodies hold at most ${limits.bodyBytes / 1024 / 1024} MB. Where keys are on, send \`x-api-key\`; the last column says which right the key needs.`,
    '`/v1` and `/v2` answer failures as `{"error":"text"}`, everything else as `{"error":{"code","message","param","request_id"}}`.',
    '429 and 503 say in `Retry-After` when to try again. On one machine a prediction waits at most 30 s for its turn, then it is answered 503 and not run; one that runs for 60 s is ended and answered 504.',
    '',
    ...Object.entries(owners).flatMap(([owner, title]) => [
      `## ${title}`,
      '',
      '| route | does | right |',
      '|---|---|---|',
      ...routes.filter((route) => route.owner === owner).map(row),
      '',
    ]),
    '## How to call each',
    '',
    ...operations.map(example),
  ].join('\n')
}
