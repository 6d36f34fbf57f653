/** How each route is called, from a terminal, from TypeScript and from Python: made from the route table, for pages and documents. */
import { fillPath, type pathParameters, type Route } from './route.ts'

export interface Snippets {
  readonly curl: string
  readonly typescript: string
  readonly python: string
}

/** Values that stand for path parameters in examples. */
const sample = {
  model: 'cifar10',
  version: 1,
  label: 'production',
  alias: 'production',
  release: 'production',
  endpoint: 'cifar10@production',
  job: 'cifar10-1',
  id: '6b0c1c3e-2f43-4a62-9f0e-0d6c0f1f5a11',
  import: '6b0c1c3e2f434a629f0e0d6c0f1f5a11',
  upload: '6b0c1c3e2f434a629f0e0d6c0f1f5a11',
  key: '3f9a1c2b44d0',
  asset: 'app.js',
} satisfies Record<keyof typeof pathParameters, string | number>

const samplePath = (path: string): string => fillPath(path, sample)

/** What the example sends: JSON, else a file as it is. */
type Body = { readonly type: string } & ({ readonly json: string } | { readonly file: string })

const bodyOf = ({ request, examples }: Route): Body | undefined => {
  if (request === undefined) return undefined
  if ('image/jpeg' in request) return { file: 'photo.jpg', type: 'image/jpeg' }
  const [first = 'application/octet-stream'] = Object.keys(request)
  const type = 'application/json' in request ? 'application/json' : first
  return /json/.test(type) ? { json: JSON.stringify(examples?.request ?? {}), type } : { file: 'body.bin', type }
}

/** Names and values besides the key. */
const headersOf = ({ examples }: Route, body: Body | undefined): readonly (readonly [string, string])[] => [
  ...(body === undefined ? [] : [['content-type', body.type] as const]),
  ...Object.entries(examples?.headers ?? {}),
]

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const curl = (route: Route, url: string, body: Body | undefined): string =>
  [
    `curl${route.method === 'GET' || (route.method === 'POST' && body) ? '' : ` -X ${route.method}`} ${single(url)}`,
    route.right !== 'none' && `-H "x-api-key: $MAAS_API_KEY"`,
    ...headersOf(route, body).map(([name, value]) => `-H ${single(`${name}: ${value}`)}`),
    body && ('json' in body ? `-d ${single(body.json)}` : `--data-binary @${body.file}`),
  ]
    .filter((part) => part)
    .join(' \\\n  ')

/** `key` is how the language reads it from the environment. */
const headerTable = (route: Route, body: Body | undefined, key: string): string | undefined => {
  const entries = [
    ...(route.right === 'none' ? [] : [`'x-api-key': ${key}`]),
    ...headersOf(route, body).map(([name, value]) => `'${name}': '${value}'`),
  ]
  return entries.length > 0 ? `{ ${entries.join(', ')} }` : undefined
}

const typescript = (route: Route, url: string, body: Body | undefined): string => {
  const { method, response } = route
  const headers = headerTable(route, body, "process.env.MAAS_API_KEY ?? ''")
  const isFile = body && 'file' in body
  const options = [
    method !== 'GET' && `method: '${method}'`,
    headers && `headers: ${headers}`,
    body && (isFile ? `body: await readFile('${body.file}')` : `body: JSON.stringify(${body.json})`),
  ].filter((line) => line)
  const call = `const response = await fetch('${url}'${options.length > 0 ? `, {\n${options.map((line) => `  ${line},\n`).join('')}}` : ''})`
  return [
    isFile && `import { readFile } from 'node:fs/promises'\n`,
    call,
    readBy(response.contents, 'console.log(await response.json())', 'console.log(await response.text())'),
  ]
    .filter(Boolean)
    .join('\n')
}

const python = (route: Route, url: string, body: Body | undefined): string => {
  const { method, response, right } = route
  const headers = headerTable(route, body, `os.environ['MAAS_API_KEY']`)
  const options = [
    `'${url}'`,
    headers && `headers=${headers.replace('{ ', '{').replace(/ \}$/, '}')}`,
    body && ('json' in body ? `data=${JSON.stringify(body.json)}` : `data=open('${body.file}', 'rb')`),
  ].filter((line) => line)
  const call = `response = requests.${method.toLowerCase()}(\n${options.map((line) => `    ${line},\n`).join('')})`
  return [
    right !== 'none' && 'import os',
    'import requests\n',
    call,
    readBy(response.contents, 'print(response.json())', 'print(response.text)'),
  ]
    .filter(Boolean)
    .join('\n')
}

const readBy = (contents: Route['response']['contents'], json: string, text: string): string | undefined => {
  if ('application/json' in contents) return json
  return Object.keys(contents).length > 0 ? text : undefined
}

/** `base` is the service's URL, without a slash at its end. */
export const snippetsOf = (route: Route, base: string): Snippets => {
  const url = `${base}${samplePath(route.path)}`
  const body = bodyOf(route)
  return { curl: curl(route, url, body), typescript: typescript(route, url, body), python: python(route, url, body) }
}
