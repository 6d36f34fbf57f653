/** Checks what callers give the registry before anything is stored. */
import * as z from 'zod'
import {
  type AliasTarget,
  aliasSchema,
  checked,
  limits,
  lineageSchema,
  modelNameSchema,
  versionSchema,
} from '../contract/index.ts'
import { InvalidInputError, TooLargeError } from '../errors.ts'
import { checkedKey } from '../store/index.ts'
import type { VersionToRegister } from './types.ts'

const MOST_FILES = 1000

const targetsSchema = z
  .array(z.object({ version: versionSchema, weight: z.number().min(0).max(100) }))
  .min(1, 'an alias needs at least one target')
  .max(20, 'an alias has at most 20 targets')
  .refine(
    (targets) => new Set(targets.map(({ version }) => version)).size === targets.length,
    'a version is named twice',
  )
  .refine(
    (targets) => Math.abs(targets.reduce((sum, { weight }) => sum + weight, 0) - 100) < 1e-6,
    'the weights are percentages and must add up to 100',
  )

const changeSchema = z.object({ by: z.string().min(1).max(200), why: z.string().max(2000) })

const versionPartsSchema = z.object({
  metrics: z.record(z.string().min(1).max(200), z.number()).optional(),
  lineage: lineageSchema,
  description: z.string().max(limits.descriptionCharacters).optional(),
})

export const checkName = (name: string): string => checked(modelNameSchema, name, 'model')
export const checkAlias = (alias: string): string => checked(aliasSchema, alias, 'alias')
export const checkVersion = (version: number): number => checked(versionSchema, version, 'version')
export const checkTargets = (targets: readonly AliasTarget[]): readonly AliasTarget[] =>
  checked(targetsSchema, targets, 'targets')
export const checkChange = (change: { readonly by: string; readonly why: string }): void =>
  void checked(changeSchema, change, 'change')

/** A relative path with `/`, the same on every system. */
const checkPath = (path: string): void => {
  if (path.includes('\\')) {
    throw new InvalidInputError(`file path ${JSON.stringify(path)} has a backslash; segments are separated by "/"`, {
      param: 'files',
    })
  }
  checkedKey(path)
}

export const checkNewVersion = (version: VersionToRegister): VersionToRegister => {
  const { files, ...parts } = version
  const paths = Object.keys(files)
  if (paths.length === 0) throw new InvalidInputError('files: a version needs at least one file', { param: 'files' })
  if (paths.length > MOST_FILES)
    throw new TooLargeError(`files: got ${paths.length}, at most ${MOST_FILES} are allowed`)
  for (const [path, content] of Object.entries(files)) {
    checkPath(path)
    const size = content instanceof Uint8Array ? content.length : content.info?.size
    if (size === undefined) throw new InvalidInputError(`file "${path}" is not bytes`, { param: 'files' })
    if (size > limits.modelBytes) {
      throw new TooLargeError(`file "${path}" has ${size} bytes, at most ${limits.modelBytes} are allowed`)
    }
  }
  const { metrics, lineage, description } = checked(versionPartsSchema, parts, 'version')
  return { files, lineage, ...(metrics && { metrics }), ...(description !== undefined && { description }) }
}
