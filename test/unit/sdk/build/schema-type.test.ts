import { expect, it } from 'vitest'
import { type JsonSchema, typeOf } from '../../../../sdk/build/schema-type.ts'

it.each<[string, JsonSchema, string]>([
  ['a reference', { $ref: '#/components/schemas/Model' }, 'Model'],
  ['a constant text with a quote', { const: "it's" }, "'it\\'s'"],
  ['a choice', { enum: ['a', 'b', null] }, "'a' | 'b' | null"],
  ['several types', { type: ['string', 'null'] }, 'string | null'],
  ['a list of a choice', { type: 'array', items: { enum: [1, 3] } }, '(1 | 3)[]'],
  [
    'a pair',
    { type: 'array', prefixItems: [{ type: 'string' }, { type: 'number' }], items: false },
    '[string, number]',
  ],
  ['a map', { type: 'object', additionalProperties: { type: 'integer' } }, 'Record<string, number>'],
  ['anything', {}, 'unknown'],
])('%s', (_, schema, type) => {
  expect(typeOf(schema)).toBe(type)
})

it('a list of one of two objects keeps the list around both', () => {
  const object = (name: string): JsonSchema => ({
    type: 'object',
    properties: { [name]: { type: 'number' } },
    required: [name],
    additionalProperties: false,
  })
  expect(typeOf({ type: 'array', items: { anyOf: [object('a'), object('b')] } }).replace(/\s+/g, ' ')).toBe(
    '({ a: number } | { b: number })[]',
  )
})

it('a property that may be missing is optional, one with a dash is quoted', () => {
  const schema = { type: 'object', properties: { 'x-y': { type: 'string' }, z: { type: 'null' } }, required: ['z'] }
  expect(typeOf(schema)).toBe("{\n  'x-y'?: string | undefined\n  z: null\n}")
})

it('throws for what it does not know, and never writes a wider type instead', () => {
  expect(() => typeOf({ type: 'date' })).toThrow('type date')
})
