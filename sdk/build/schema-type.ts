/** One JSON Schema of the contract as a TypeScript type. */

export interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly items?: JsonSchema | boolean
  readonly prefixItems?: readonly JsonSchema[]
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: JsonSchema | boolean
  readonly pattern?: string
  readonly description?: string
}

/** Bounds, patterns and defaults are the service's to judge: a type says shapes alone. Throws for what it would have to guess. */
export const typeOf = (schema: JsonSchema, indent = ''): string => {
  if (schema.$ref !== undefined) return schema.$ref.replace('#/components/schemas/', '')
  if ('const' in schema) return literal(schema.const)
  if (schema.enum) return schema.enum.map(literal).join(' | ')
  const either = schema.anyOf ?? schema.oneOf
  if (either) return joined(either, ' | ', indent)
  if (schema.allOf) return joined(schema.allOf, ' & ', indent)
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['unknown'])
  return types.map((type) => plain(type, schema, indent)).join(' | ')
}

const literal = (value: unknown): string =>
  typeof value === 'string' ? `'${value.replace(/['\\]/g, '\\$&')}'` : JSON.stringify(value)

const joined = (schemas: readonly JsonSchema[], operator: string, indent: string): string =>
  [...new Set(schemas.map((schema) => bracketed(typeOf(schema, indent))))].join(operator)

/** Brackets around what has an operator of its own outside of all others. */
const bracketed = (type: string): string => {
  let depth = 0
  for (const letter of type.replace(/'(\\.|[^'])*'/g, '')) {
    if ('{[(<'.includes(letter)) depth += 1
    if ('}])>'.includes(letter)) depth -= 1
    if (depth === 0 && '|&'.includes(letter)) return `(${type})`
  }
  return type
}

const plain = (type: string, schema: JsonSchema, indent: string): string => {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
    case 'unknown':
      return type
    case 'number':
    case 'integer':
      return 'number'
    case 'array':
      return arrayType(schema, indent)
    case 'object':
      return objectType(schema, indent)
    default:
      throw new Error(`a schema of type ${type} has no TypeScript type here; teach sdk/build/schema-type.ts`)
  }
}

const arrayType = ({ items, prefixItems }: JsonSchema, indent: string): string => {
  if (prefixItems) return `[${prefixItems.map((item) => typeOf(item, indent)).join(', ')}]`
  return `${bracketed(typeof items === 'object' ? typeOf(items, indent) : 'unknown')}[]`
}

const objectType = (schema: JsonSchema, indent: string): string => {
  const { properties = {}, required = [], additionalProperties: rest } = schema
  const inner = `${indent}  `
  const lines = Object.entries(properties).flatMap(([name, value]) => [
    ...(value.description ? [`${inner}/** ${value.description} */`] : []),
    required.includes(name)
      ? `${inner}${keyOf(name)}: ${typeOf(value, inner)}`
      : `${inner}${keyOf(name)}?: ${typeOf(value, inner)} | undefined`,
  ])
  if (lines.length > 0) return `{\n${lines.join('\n')}\n${indent}}`
  return `Record<string, ${typeof rest === 'object' ? typeOf(rest, indent) : rest === false ? 'never' : 'unknown'}>`
}

export const keyOf = (name: string): string => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name))
