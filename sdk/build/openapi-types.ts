/** The contract's TypeScript, for those who have the SDK and not the sources: a type for each body, and one entry for each operation. */
import type { OpenApi, OpenApiOperation } from '@maas/core/contract'
import { type JsonSchema, keyOf, typeOf } from './schema-type.ts'

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query'
  readonly required: boolean
  readonly schema: JsonSchema
}
interface Media {
  readonly schema: JsonSchema
}
interface Body {
  readonly content?: Readonly<Record<string, Media>>
}

const json = 'application/json'

/** Text of `sdk/src/openapi.ts`. */
export const openApiTypes = ({ paths, components }: OpenApi): string => {
  const named = new Map<string, string>()
  const schemas = Object.entries(components.schemas).map(([name, schema]) => {
    const type = typeOf(schema)
    const same = named.get(type)
    if (same === undefined) named.set(type, name)
    return `export type ${name} = ${same ?? type}`
  })
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  )
  return `${[
    '/** Written by `npm run docs` from openapi.json; do not edit. Bodies by name, and what each operation takes and answers. */',
    ...schemas,
    '/** By operation id: what goes into its path, its query and its body, and what comes back. */',
    'export interface Operations {',
    ...operations.flatMap(({ operation }) => [`  /** ${operation.summary} */`, entry(operation)]),
    '}',
    '/** Where each is. */',
    'export const operations = {',
    ...operations.map(
      ({ path, method, operation }) => `  ${operation.operationId}: { method: '${method}', path: '${path}' },`,
    ),
    '} as const',
  ].join('\n')}\n`
}

const entry = ({ operationId, ...rest }: OpenApiOperation): string => {
  const parameters = (rest.parameters ?? []) as readonly Parameter[]
  const body = (rest.requestBody as Body | undefined)?.content?.[json]
  return [
    `  ${operationId}: {`,
    `    path: ${record(parameters, 'path')}`,
    `    query: ${record(parameters, 'query')}`,
    `    body: ${body ? typeOf(body.schema) : 'undefined'}`,
    `    answer: ${answerOf(rest.responses as Readonly<Record<string, Body>>)}`,
    '  }',
  ].join('\n')
}

const record = (parameters: readonly Parameter[], where: Parameter['in']): string => {
  const some = parameters.filter((parameter) => parameter.in === where)
  if (some.length === 0) return 'Record<never, never>'
  return `{ ${some.map(({ name, required, schema }) => `${keyOf(name)}${required ? '' : '?'}: ${parameterType(schema)}`).join('; ')} }`
}

/** What is made of digits may be given as a number. */
const parameterType = (schema: JsonSchema): string =>
  [schema, ...(schema.anyOf ?? [])].some(({ pattern }) => pattern?.startsWith('^[1-9]'))
    ? 'string | number'
    : typeOf(schema)

/** Of a route that answers JSON, its body; of any other, its text. */
const answerOf = (responses: Readonly<Record<string, Body>>): string => {
  const [status = ''] = Object.keys(responses).filter((key) => key !== 'default')
  const content = responses[status]?.content
  if (content === undefined) return 'undefined'
  return content[json] ? typeOf(content[json].schema) : 'string'
}
