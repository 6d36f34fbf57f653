/** Names of models, versions and aliases, and the references `name`, `name@alias` and `name:version` that people type. */
import * as z from 'zod'
import { InvalidInputError } from '../errors.ts'
import { shown } from './show.ts'

export const modelNameSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'a model name is 1-63 of a-z, 0-9 and -, starting with a letter or digit')

export const aliasSchema = z
  .string()
  .regex(/^[a-z0-9_]{1,63}$/, 'an alias is 1-63 of a-z, 0-9 and _')
  .refine((alias) => alias !== 'latest', '"latest" is reserved: it always means the highest version')
  .refine((alias) => !/^\d+$/.test(alias), 'an alias of digits only would read as a version')

export const versionSchema = z.number().int().min(1)

/** Job names follow CreateTrainingJob. */
export const jobNameSchema = z
  .string()
  .regex(/^[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$/, 'a training job name is 1-63 letters, digits and single hyphens')

/** A model by name, and at most one of a version and an alias; neither means the highest version. */
export interface ModelReference {
  readonly name: string
  readonly version?: number
  readonly alias?: string
  /** In 0..1: where on a split alias this request falls, so that one caller always meets the same version. @default random */
  readonly point?: number
}

/** Throws InvalidInputError with the schema's own words when `value` breaks it; names the field at fault and shows what it held. */
export const checked = <T>(schema: z.ZodType<T>, value: unknown, param: string): T => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const path = issue?.path ?? []
  const at = [param, ...path].join('.')
  const got = path.reduce<unknown>((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value)
  throw new InvalidInputError(`${at}: got ${shown(got)}; ${issue?.message ?? 'not allowed'}`, { param: at })
}

/**
 * Parses `name`, `name@alias` or `name:version`.
 * `name@latest` is the same as `name`.
 */
export const parseReference = (text: string): ModelReference => {
  const match = /^([^@:]*)(?:([@:])(.*))?$/s.exec(text)
  const name = checked(modelNameSchema, match?.[1] ?? text, 'model')
  if (match?.[2] === '@') {
    return match[3] === 'latest' ? { name } : { name, alias: checked(aliasSchema, match[3], 'alias') }
  }
  if (match?.[2] === ':') {
    const digits = match[3] ?? ''
    return { name, version: checked(versionSchema, /^\d{1,9}$/.test(digits) ? Number(digits) : digits, 'version') }
  }
  return { name }
}

export const formatReference = ({ name, version, alias }: ModelReference): string =>
  version !== undefined ? `${name}:${version}` : alias !== undefined ? `${name}@${alias}` : name
