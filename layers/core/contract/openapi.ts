/** The contract as an OpenAPI 3.1 document, made from the route table: nothing in it is written by hand. */
import * as z from 'zod'
import { answerExamples } from './answer-examples.ts'
import { awsErrorSchema, errorBodySchema } from './control.ts'
import { type Contents, pathParameters, type Route } from './route.ts'
import { routes } from './routes.ts'
import { servingErrorSchema } from './serving.ts'

type Json = Readonly<Record<string, unknown>>

/** An OpenAPI 3.1 document; only what is read here is typed. */
export interface OpenApi extends Json {
  readonly openapi: '3.1.0'
  readonly paths: Readonly<Record<string, Readonly<Record<string, OpenApiOperation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> } & Json
}

export interface OpenApiOperation extends Json {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
}

export const tags = {
  data: 'Predictions',
  control: 'Models and jobs',
  none: 'Open to anybody',
} as const satisfies Record<Route['right'], string>

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

/** One operation at several addresses: `predict`, `predictVersion`, `predictLabel`. */
export const operationIdOf = ({ operation, path }: Route): string => {
  const [shortest = path] = routes
    .filter((route) => route.operation === operation)
    .map((route) => route.path)
    .sort((a, b) => a.length - b.length)
  const known = new Set(parameterNames(shortest))
  const added = parameterNames(path).filter((name) => !known.has(name))
  return `${operation}${added.map(capital).join('')}`
}

const parameterNames = (path: string): string[] => [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)

/** What a caller may send differs from what comes out where a schema has defaults or transforms. */
const toSchema = (schema: z.ZodType, io: 'input' | 'output'): Json => {
  const {
    $schema: _,
    '~standard': __,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Record<string, unknown>
  return rest
}

/** Bodies that differ between routes of one operation would need another name; the test of the document sees to it. */
const bodyName = ({ operation }: Pick<Route, 'operation'>, kind: 'Request' | 'Response'): string =>
  `${capital(operation)}${kind}`

const content = (route: Route, contents: Contents, kind: 'Request' | 'Response', example: unknown): Json =>
  Object.fromEntries(
    Object.entries(contents).map(([type, schema]) => [
      type,
      schema === 'binary'
        ? { schema: { type: 'string', format: 'binary' } }
        : {
            schema: { $ref: `#/components/schemas/${bodyName(route, kind)}` },
            ...(example !== undefined && { example }),
          },
    ]),
  )

const parametersOf = (route: Route): Json[] =>
  parameterNames(route.path).map((name) => ({
    name,
    in: 'path',
    required: true,
    schema: toSchema(pathParameters[name as keyof typeof pathParameters], 'input'),
  }))

/** One parameter for each field; what is behind a `transform` is described as it is sent. */
const queryOf = ({ query }: Route): Json[] => {
  if (query === undefined) return []
  const { properties = {} } = toSchema(query, 'input') as { properties?: Json }
  return Object.entries(properties).map(([name, schema]) => ({ name, in: 'query', required: false, schema }))
}

/** Of the route itself, else of its operation. */
const answerOf = ({ operation, examples }: Route): unknown => examples?.response ?? answerExamples[operation]

const alsoOf = ({ status, as }: NonNullable<Route['also']>[number]): [number, Json] => [
  status,
  {
    description: status === 202 ? 'Not there yet; this says where to look.' : 'It was there already.',
    content: {
      'application/json': { schema: { $ref: `#/components/schemas/${bodyName({ operation: as }, 'Response')}` } },
    },
  },
]

const operationOf = (route: Route): OpenApiOperation => {
  const { status, contents } = route.response
  const hasBody = Object.keys(contents).length > 0
  const parameters = [...parametersOf(route), ...queryOf(route)]
  return {
    operationId: operationIdOf(route),
    summary: route.summary,
    tags: [tags[route.right]],
    ...(route.right === 'none' && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(route.request && {
      requestBody: {
        required: route.bodyOptional !== true,
        content: content(route, route.request, 'Request', route.examples?.request),
      },
    }),
    responses: {
      [status]: {
        description: hasBody ? 'The answer.' : 'Done; there is no body.',
        ...(hasBody && { content: content(route, contents, 'Response', answerOf(route)) }),
      },
      ...Object.fromEntries((route.also ?? []).map(alsoOf)),
      default: { $ref: `#/components/responses/${capital(route.dialect)}Error` },
    },
  }
}

const bodySchemas = (): Record<string, Json> => {
  const found: Record<string, Json> = {}
  for (const route of routes) {
    for (const [kind, contents] of [
      ['Request', route.request ?? {}],
      ['Response', route.response.contents],
    ] as const) {
      for (const schema of Object.values(contents)) {
        if (schema === 'binary') continue
        found[bodyName(route, kind)] = toSchema(schema, kind === 'Request' ? 'input' : 'output')
      }
    }
  }
  return found
}

const failure = (schema: z.ZodType): Json => ({
  description: 'What was got, what is allowed, what to do. 429 and 503 say in `Retry-After` when to try again.',
  headers: { 'x-request-id': { schema: { type: 'string' } } },
  content: { 'application/json': { schema: toSchema(schema, 'output') } },
})

/** `version` is the service's own. */
export const openApi = (version: string): OpenApi => {
  const paths: Record<string, Record<string, OpenApiOperation>> = {}
  for (const route of routes) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'maas',
      version,
      description:
        'A model is a service: predictions in the dialects clients already speak, models and jobs beside them.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ key: [] }],
    tags: Object.values(tags).map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        key: {
          type: 'apiKey',
          in: 'header',
          name: 'x-api-key',
          description: 'Needed wherever keys are on: always on AWS; on one machine unless it listens on loopback only.',
        },
      },
      schemas: bodySchemas(),
      responses: {
        ServingError: failure(servingErrorSchema),
        ControlError: failure(errorBodySchema),
        SagemakerError: failure(awsErrorSchema),
        SagemakerRuntimeError: failure(awsErrorSchema),
      },
    },
  }
}
