import { checked, fillPath, pathParameters, pathPattern, routes, shown } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'

describe('routes', () => {
  it('are told apart by method and path alone', () => {
    const keys = routes.map(({ method, path }) => `${method} ${path.replace(/\{\w+\}/g, '{}')}`)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('name only parameters that have a schema', () => {
    const names = routes.flatMap(({ path }) => [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name))
    expect(names.filter((name) => !Object.hasOwn(pathParameters, name ?? ''))).toEqual([])
  })

  it('change state only with the control right', () => {
    const writes = routes.filter(({ method, owner }) => method !== 'GET' && owner !== 'predict')
    expect(writes.map(({ right }) => right)).toEqual(writes.map(() => 'control'))
  })

  it('have examples that fit their own schemas', () => {
    const json = 'application/json'
    const bodies = routes.flatMap(({ operation, request, response, examples }) => [
      { operation, schema: request?.[json], example: examples?.request },
      { operation, schema: response.contents[json], example: examples?.response },
    ])
    // AWS' actions share one path and are read by their own schemas: their type of content has none.
    const given = bodies.filter(({ schema, example }) => example !== undefined && schema !== undefined)
    expect(given.length).toBeGreaterThan(5)
    for (const { operation, schema, example } of given) {
      expect((schema as z.ZodType).safeParse(example).error, operation).toBeUndefined()
    }
  })
})

it('a path pattern takes one segment without a colon for each parameter', () => {
  const pattern = pathPattern('/v1/models/{model}:predict')
  expect('/v1/models/m:predict'.match(pattern)?.groups).toEqual({ model: 'm' })
  for (const other of [
    '/v1/models/m',
    '/v1/models/m:classify',
    '/v1/models/a/b:predict',
    '/v1/models/m:predict/x',
    '/v1/models/:predict',
  ]) {
    expect(pattern.test(other), other).toBe(false)
  }
})

it('a filled path escapes what it is given', () => {
  expect(fillPath('/models/{model}/aliases/{alias}', { model: '../x', alias: 'a b' })).toBe(
    '/models/..%2Fx/aliases/a%20b',
  )
})

it('a version in a path is a whole number from 1', () => {
  expect(pathParameters.version.parse('12')).toBe(12)
  for (const bad of ['0', '-1', '1.5', '1e3', '9999999999', 'latest', '']) {
    expect(pathParameters.version.safeParse(bad).success, bad).toBe(false)
  }
})

it('checked names the inner field and shows what it held', () => {
  const schema = z.object({ targets: z.array(z.object({ version: z.number() })) })
  expect(() => checked(schema, { targets: [{ version: 'x' }] }, 'body')).toThrow('body.targets.0.version: got "x";')
})

it('shown stays short whatever it is given', () => {
  expect(shown('x'.repeat(1000)).length).toBeLessThan(70)
  expect(shown(Array.from({ length: 5000 }))).toBe('a list of 5000')
  expect(shown({ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 })).toBe('an object with "a", "b", "c", "d", "e", …')
})
