/** How each route is called, from a terminal, from TypeScript and from Python: made from the route table, for pages and documents. */
import { fillPath, type Route } from './route.ts'

export interface Snippets {
  readonly curl: string
  readonly typescript: string
  readonly python: string
}

/** Values that stand for path parameters in examples. */
const sample: Readonly<Record<string, string | number>> = {
  model: 'cifar10',
  version: 1,
  label: 'production',
  alias: 'production',
  id: '6b0c1c3e-2f43-4a62-9f0e-0d6c0f1f5a11',
  asset: 'app.js',
  release: 'production',
}

/** `{name}` of a parameter without a sample is left as it is: the reader fills it in. */
export const samplePath = (path: string): string =>
  fillPath(
    path,
    Object.fromEntries([...path.matchAll(/\{(\w+)\}/g)].map(([whole, name = '']) => [name, sample[name] ?? whole])),
  ).replace(/%7B(\w+)%7D/g, '{$1}')

/** What the example sends: a JSON body, else a file as it is. */
type Body = { readonly json: string } | { readonly file: string; readonly type: string } | undefined

const bodyOf = ({ request, examples }: Route): Body => {
  if (request === undefined) return undefined
  if ('image/jpeg' in request) return { file: 'photo.jpg', type: 'image/jpeg' }
  if ('application/json' in request) return { json: JSON.stringify(examples?.request ?? {}) }
  const [type = 'application/octet-stream'] = Object.keys(request)
  return { file: 'body.bin', type }
}

const single = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

const curl = ({ method, right }: Route, url: string, body: Body): string =>
  [
    `curl${method === 'GET' || (method === 'POST' && body) ? '' : ` -X ${method}`} ${single(url)}`,
    right !== 'none' && `-H "x-api-key: $MAAS_API_KEY"`,
    body && `-H ${single(`content-type: ${'json' in body ? 'application/json' : body.type}`)}`,
    body && ('json' in body ? `-d ${single(body.json)}` : `--data-binary @${body.file}`),
  ]
    .filter((part) => part)
    .join(' \\\n  ')

const typescript = ({ method, right, response }: Route, url: string, body: Body): string => {
  const headers = [
    right !== 'none' && `'x-api-key': process.env.MAAS_API_KEY`,
    body && `'content-type': '${'json' in body ? 'application/json' : body.type}'`,
  ].filter((line) => line)
  const options = [
    method !== 'GET' && `method: '${method}'`,
    headers.length > 0 && `headers: { ${headers.join(', ')} }`,
    body && ('json' in body ? `body: JSON.stringify(${body.json})` : `body: await readFile('${body.file}')`),
  ].filter((line) => line)
  const call = `const response = await fetch('${url}'${options.length > 0 ? `, {\n${options.map((line) => `  ${line},\n`).join('')}}` : ''})`
  return [call, readBy(response.contents, 'await response.json()', 'await response.text()')].filter(Boolean).join('\n')
}

const python = ({ method, right, response }: Route, url: string, body: Body): string => {
  const headers = [
    right !== 'none' && `'x-api-key': os.environ['MAAS_API_KEY']`,
    body && `'content-type': '${'json' in body ? 'application/json' : body.type}'`,
  ].filter((line) => line)
  const options = [
    `'${url}'`,
    headers.length > 0 && `headers={${headers.join(', ')}}`,
    body && ('json' in body ? `data=${JSON.stringify(body.json)}` : `data=open('${body.file}', 'rb')`),
  ].filter((line) => line)
  const call = `response = requests.${method.toLowerCase()}(\n${options.map((line) => `    ${line},\n`).join('')})`
  return [call, readBy(response.contents, 'print(response.json())', 'print(response.text)')].filter(Boolean).join('\n')
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
