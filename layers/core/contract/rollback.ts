/** When an alias goes back by itself: rules such as `cifar10@production:errors>5`, in one form for cdk.json, alarms and `maas serve`. */
import * as z from 'zod'
import { InvalidInputError } from '../errors.ts'
import { aliasSchema, modelNameSchema } from './names.ts'

export interface RollbackRule {
  readonly model: string
  readonly alias: string
  /** Of what the model answered in five minutes: how often with 500 or above, or the mean milliseconds. */
  readonly metric: 'errors' | 'latency'
  /** What must be exceeded. */
  readonly limit: number
}

/** Seconds that a rule looks back. */
export const rollbackWindow = 300

/** Hours after a move in which it may be undone: what goes wrong later has another cause. */
export const rollbackHours = 24

/** Who moved it, in the alias's history. */
export const rollbackBy = 'rollback by alarm'

/** InvalidInputError shows what a rule looks like. */
export const parseRollback = (text: string): RollbackRule => {
  const [, model, alias, metric, limit] = /^([^@:]+)@([^@:]+):(errors|latency)>(\d+(?:\.\d+)?)$/.exec(text) ?? []
  const isNamed = modelNameSchema.safeParse(model).success && aliasSchema.safeParse(alias).success
  if (!isNamed || model === undefined || alias === undefined || (metric !== 'errors' && metric !== 'latency')) {
    throw new InvalidInputError(
      `rollback: got "${text}"; a rule is MODEL@ALIAS:errors>COUNT or MODEL@ALIAS:latency>MILLISECONDS, e.g. cifar10@production:errors>5`,
      { param: 'rollback' },
    )
  }
  return { model, alias, metric, limit: Number(limit) }
}

/** At most 50. */
export const rollbackRulesSchema = z
  .array(
    z.string().transform((text, context): RollbackRule => {
      try {
        return parseRollback(text)
      } catch (error) {
        context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) })
        return z.NEVER
      }
    }),
  )
  .max(50)

/** Unambiguous: no name has a slash, and no model an @. */
export const rollbackAlarmName = (stage: string, { model, alias, metric }: Omit<RollbackRule, 'limit'>): string =>
  `${rollbackAlarmPrefix(stage)}${model}@${alias}/${metric}`

export const rollbackAlarmPrefix = (stage: string): string => `maas-${stage}/rollback/`

/** Undefined for an alarm that is none of these. */
export const parseRollbackAlarm = (name: string): { readonly model: string; readonly alias: string } | undefined => {
  const [, model, alias] = /^maas-[a-z0-9-]+\/rollback\/([a-z0-9-]+)@([a-z0-9_]+)\/(?:errors|latency)$/.exec(name) ?? []
  return model === undefined || alias === undefined ? undefined : { model, alias }
}
