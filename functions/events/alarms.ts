/** After an alarm about a model: its alias goes back to where it pointed before. */
import { parseRollbackAlarm } from '@maas/core/contract'
import { type RollbackDeps, type RolledBack, rollBack } from '@maas/core/registry'
import * as z from 'zod'

/** EventBridge's form of CloudWatch's event. */
export const alarmChangeSchema = z.object({
  source: z.literal('aws.cloudwatch'),
  detail: z.object({
    alarmName: z.string(),
    state: z.object({ value: z.enum(['OK', 'ALARM', 'INSUFFICIENT_DATA']), reason: z.string().optional() }),
  }),
})

/** Undefined for what is no alarm about an alias, or one that has ended. */
export const followAlarm = async (
  { detail: { alarmName, state } }: z.infer<typeof alarmChangeSchema>,
  { clock, ...deps }: RollbackDeps & { readonly clock: () => number },
): Promise<RolledBack | undefined> => {
  const alias = state.value === 'ALARM' ? parseRollbackAlarm(alarmName) : undefined
  if (alias === undefined) return undefined
  return rollBack(deps, { ...alias, why: `${alarmName}: ${state.reason ?? 'it rang'}`, now: clock() })
}
