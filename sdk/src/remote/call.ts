/** Any route by its operation id: its path filled in, its body and answer typed as OpenAPI says. */
import { BadRequestError } from '../errors.ts'
import { type Operations, operations } from '../openapi.ts'
import type { CallOptions } from '../types.ts'
import { type Http, pathPart } from './http.ts'

export type Operation = keyof Operations

/** Left out when nothing of it is needed. */
type Part<Name extends string, T> = [T] extends [undefined]
  ? unknown
  : keyof T extends never
    ? unknown
    : Record<never, never> extends T
      ? { readonly [Key in Name]?: T }
      : { readonly [Key in Name]: T }

/** What one operation takes: `path`, `query` and `body` where it has them, and headers such as `if-match`. */
export type CallInput<Name extends Operation> = Part<'path', Operations[Name]['path']> &
  Part<'query', Operations[Name]['query']> &
  Part<'body', Operations[Name]['body']> & { readonly headers?: Readonly<Record<string, string>> }

/** What one operation answers: the JSON, the text of a page, or undefined where there is no body. */
export type CallAnswer<Name extends Operation> = Operations[Name]['answer']

export const callOperation = async <Name extends Operation>(
  http: Http,
  name: Name,
  input: CallInput<Name>,
  options?: CallOptions,
): Promise<CallAnswer<Name>> => {
  const route = operations[name]
  if (route === undefined) {
    throw new BadRequestError(`there is no operation ${name}; they are ${Object.keys(operations).join(', ')}`)
  }
  const given = input as { path?: Values; query?: Values; body?: unknown; headers?: Readonly<Record<string, string>> }
  const answer = await http.send(
    {
      method: route.method,
      path: fill(route.path, given.path ?? {}) + search(given.query ?? {}),
      ...(given.body !== undefined && { json: JSON.stringify(given.body) }),
      ...(given.headers && { headers: given.headers }),
    },
    options,
  )
  const isJson = answer.headers.get('content-type')?.startsWith('application/json') === true
  return (answer.text === '' ? undefined : isJson ? JSON.parse(answer.text) : answer.text) as CallAnswer<Name>
}

type Values = Readonly<Record<string, string | number | undefined>>

const fill = (path: string, values: Values): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = values[name]
    if (value === undefined) throw new BadRequestError(`path.${name} is missing; it stands in ${path}`, { param: name })
    return pathPart(value, path)
  })

const search = (query: Values): string => {
  const given = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}
