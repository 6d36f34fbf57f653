import { createRegistry, type Registry } from '@maas/core/registry'
import { beforeEach, describe, expect, it } from 'vitest'
import { alarmChangeSchema, followAlarm } from '../../../../functions/events/alarms.ts'
import { createMemoryStore } from '../../registry/memory-store.ts'
import { change, newVersion, only } from '../../registry/samples.ts'

/** As CloudWatch sends it to EventBridge. */
const event = (alarmName: string, value: string) => ({
  version: '0',
  id: 'c4c1c1c9-6542-e61b-6ef0-8c4d36933a92',
  'detail-type': 'CloudWatch Alarm State Change',
  source: 'aws.cloudwatch',
  account: '111122223333',
  time: '2026-01-01T00:00:00Z',
  region: 'eu-west-1',
  resources: [`arn:aws:cloudwatch:eu-west-1:111122223333:alarm:${alarmName}`],
  detail: {
    alarmName,
    state: { value, reason: 'Threshold Crossed: 1 datapoint [7.0] was greater than 5.0.', timestamp: '…' },
    previousState: { value: 'OK', reason: 'Unchecked: Initial alarm creation', timestamp: '…' },
    configuration: { description: 'docs/runbook.md', metrics: [] },
  },
})

let registry: Registry
const follow = (alarmName: string, value = 'ALARM') =>
  followAlarm(alarmChangeSchema.parse(event(alarmName, value)), { registry, clock: () => Date.now() })

beforeEach(async () => {
  registry = createRegistry(createMemoryStore())
  for (const content of ['one', 'two']) await registry.register('m', newVersion(content))
  for (const version of [1, 2]) await registry.setAlias('m', 'production', only(version), change)
})

describe('an alarm about a model', () => {
  it('takes its alias back, with the alarm’s own words in the history', async () => {
    expect(await follow('maas-dev/rollback/m@production/errors')).toMatchObject({ moved: true })
    const { targets, history } = await registry.alias('m', 'production')
    expect(targets).toEqual(only(1))
    expect(history.at(-1)?.why).toBe(
      'maas-dev/rollback/m@production/errors: Threshold Crossed: 1 datapoint [7.0] was greater than 5.0.',
    )
  })

  it('moves nothing when it ends, or is about something else', async () => {
    expect(await follow('maas-dev/rollback/m@production/errors', 'OK')).toBeUndefined()
    expect(await follow('maas-dev-observability-Slow')).toBeUndefined()
    expect((await registry.alias('m', 'production')).targets).toEqual(only(2))
  })
})
