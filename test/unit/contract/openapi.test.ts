import { type OpenApiOperation, openApi, operationIdOf, routes, snippetsOf } from '@maas/core/contract'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'

const document = openApi('1.2.3')
const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods))

describe('the OpenAPI document', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    expect(await validator.validate(structuredClone<Record<string, unknown>>(document))).toMatchObject({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  it('is refused by the same validator when an operation has no valid parameter', async () => {
    const broken = { ...(document.paths['/models']?.get as OpenApiOperation), parameters: [{ name: 'model' }] }
    const whole = { ...document, paths: { '/models': { get: broken } } }
    expect(await new Validator().validate(structuredClone<Record<string, unknown>>(whole))).toMatchObject({
      valid: false,
    })
  })

  it('has every route once, under an id of its own', () => {
    const ids = operations.map(({ operationId }) => operationId)
    expect(ids).toEqual(routes.map((route) => operationIdOf(route)))
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('resolves every reference', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path = '']) => path)
    expect(references.length).toBeGreaterThan(20)
    for (const path of references) {
      const found = path.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document)
      expect(found, path).toBeDefined()
    }
  })

  it('asks for no key where none is needed', () => {
    expect(document.paths['/healthz']?.get?.security).toEqual([])
    expect(document.paths['/models']?.get?.security).toBeUndefined()
  })
})

it('routes of one operation share their bodies, which have one name', () => {
  for (const { operation, request, response } of routes) {
    const first = routes.find((route) => route.operation === operation)
    for (const type of ['application/json']) {
      expect(request?.[type], operation).toBe(first?.request?.[type])
      expect(response.contents[type], operation).toBe(first?.response.contents[type])
    }
  }
})

describe('examples', () => {
  /** Strict, so that a field that the schema does not have is no example of it. */
  const strict = (schema: z.ZodType): z.ZodType =>
    z.fromJSONSchema(z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' }) as never)
  const open = new Set(['openApi', 'sagemaker'])
  const answers = operations.flatMap(({ operationId, responses }) =>
    Object.entries(responses as Record<string, { content?: Record<string, { example?: unknown }> }>).flatMap(
      ([status, { content }]) => {
        const route = routes.find((each) => operationIdOf(each) === operationId)
        const schema = route?.response.contents['application/json']
        if (status !== String(route?.response.status) || schema === undefined || schema === 'binary') return []
        return open.has(route?.operation ?? '')
          ? []
          : [{ operationId, schema, example: content?.['application/json']?.example }]
      },
    ),
  )

  it('of answers are there for every operation with JSON, and are what its schema says', () => {
    expect(answers.length).toBeGreaterThan(50)
    for (const { operationId, schema, example } of answers) {
      expect(example, operationId).toBeDefined()
      expect(strict(schema).safeParse(example).error?.issues ?? [], operationId).toEqual([])
    }
  })

  it('of another shape would be found', () => {
    const { schema } = answers.find(({ operationId }) => operationId === 'getAlias') ?? {}
    expect(schema && strict(schema).safeParse({ alias: 'production' }).success).toBe(false)
  })
})

describe('snippets', () => {
  const of = (method: string, path: string) => {
    const route = routes.find((candidate) => candidate.method === method && candidate.path === path)
    if (route === undefined) throw new Error(path)
    return snippetsOf(route, 'http://h')
  }

  it('post an image as it is where one is taken', () => {
    expect(of('POST', '/v1/models/{model}:classify').curl).toBe(
      `curl 'http://h/v1/models/cifar10:classify' \\\n  -H "x-api-key: $MAAS_API_KEY" \\\n  -H 'content-type: image/jpeg' \\\n  --data-binary @photo.jpg`,
    )
  })

  it('send the route’s own example as JSON', () => {
    const { curl, python } = of('PUT', '/models/{model}/aliases/{alias}')
    expect(curl).toContain("curl -X PUT 'http://h/models/cifar10/aliases/production'")
    expect(curl).toContain(`-d '{"version":2,"reason":"better on the test set"}'`)
    expect(python).toContain('data="{\\"version\\":2')
  })

  it('carry no key to open routes', () => {
    expect(of('GET', '/healthz').curl).toBe("curl 'http://h/healthz'")
  })
})
