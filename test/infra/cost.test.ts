import { hoursOfMonth, prices } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'
import { configSchema } from '../../infra/config.ts'
import { DEFAULT_ALARMS, idle, standing, usage } from '../../infra/cost.ts'
import { synthesize } from './synth.ts'

const config = configSchema.parse({})
const total = (bill: Readonly<Record<string, number>>) => Object.values(bill).reduce((sum, each) => sum + each, 0)

describe('the cost page', () => {
  it('counts the alarms that are made', () => {
    synthesize().observability.resourceCountIs('AWS::CloudWatch::Alarm', DEFAULT_ALARMS)
  })

  it('finds idle near zero', () => {
    expect(total(usage(config, idle))).toBe(0)
    expect(total(standing(config, DEFAULT_ALARMS))).toBeLessThan(6)
  })

  it('prices endpoints as many as the stack makes', () => {
    const vpc = { kind: 'private', zones: 2 } as const
    const made = Object.values(synthesize({ vpc }).training.findResources('AWS::EC2::VPCEndpoint'))
      .filter(({ Properties }) => Properties.VpcEndpointType === 'Interface')
      .reduce((count, { Properties }) => count + Properties.SubnetIds.length, 0)
    const bill = standing(configSchema.parse({ vpc }), 0)
    expect(bill['Interface endpoints']).toBeCloseTo(made * prices.interfaceEndpointHour * hoursOfMonth, 6)
  })

  it('adds what is asked for, and only that', () => {
    const before = standing(config, 0)
    const warm = standing(configSchema.parse({ dedicated: { a: { memory: 1024, provisionedConcurrency: 2 } } }), 0)
    const perHour = 2 * prices.lambda.x64.warmGigabyteSecond * 3600
    expect(total(warm) - total(before)).toBeCloseTo(perHour * hoursOfMonth, 6)
    const use = { ...idle, predictions: 1e6, milliseconds: 10 }
    expect(usage(config, use)).toMatchObject({ 'API Gateway': 3.5, Training: 0, Storage: 0 })
    expect(usage(config, use).Predictions).toBeCloseTo(1e6 * 0.01 * 2 * prices.lambda.x64.gigabyteSecond + 0.2, 6)
  })
})
