import type { Context } from 'aws-lambda'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { createTelemetry, observed, recordAnswer } from '../../../layers/core/telemetry/index.ts'
import { contextOf } from '../../support/lambda-events.ts'

const answered = { operation: 'predict', model: 'cifar10', version: '3', requestId: 'r-1', status: 200, ms: 12 }

let lines: Record<string, unknown>[] = []
beforeEach(() => {
  lines = []
  vi.stubEnv('POWERTOOLS_DEV', 'true')
  vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand')
  vi.stubEnv('POWERTOOLS_METRICS_DISABLED', 'false')
  for (const method of ['log', 'info', 'warn'] as const) {
    vi.spyOn(console, method).mockImplementation((text: string) => void lines.push(JSON.parse(text)))
  }
})

const telemetry = () =>
  createTelemetry('predict', { POWERTOOLS_SERVICE_NAME: 'predict-cifar10', POWERTOOLS_METRICS_NAMESPACE: 'maas/dev' })
const emf = (metric: string) => lines.filter((line) => metric in line && '_aws' in line)

describe('an answered request', () => {
  it('is measured by model and version, with its id beside the numbers', () => {
    recordAnswer(telemetry(), answered)
    expect(emf('Latency')).toHaveLength(1)
    const dimensions = { service: 'predict-cifar10', model: 'cifar10', version: '3' }
    expect(emf('Latency')[0]).toMatchObject({ ...dimensions, Latency: 12, request_id: 'r-1' })
    expect(JSON.stringify(emf('Latency')[0]?._aws)).toContain('"Namespace":"maas/dev"')
    expect(emf('Errors')).toHaveLength(0)
  })

  it('makes no dimension of a name that only its caller knows: each would be paid for', () => {
    recordAnswer(telemetry(), { ...answered, model: 'made-up', version: undefined, status: 500 })
    expect(JSON.stringify(emf('Latency'))).not.toContain('made-up')
    expect(emf('Errors')[0]).toMatchObject({ service: 'predict-cifar10', Errors: 1 })
  })
})

describe('an observed handler', () => {
  it('counts its cold start once, puts the ids of the call on every line, and lets failures through', async () => {
    const whole = telemetry()
    const handler = observed(whole, async (fail: boolean, _: Context) => {
      whole.logger.info('working')
      if (fail) throw new Error('broken')
      return 'fine'
    })
    const context = contextOf('maas-predict') as unknown as Context
    expect(await handler(false, context)).toBe('fine')
    await expect(handler(true, context)).rejects.toThrow('broken')
    expect(emf('ColdStart')).toHaveLength(1)
    expect(emf('ColdStart')[0]).toMatchObject({ function_name: 'maas-predict', service: 'predict-cifar10' })
    const working = lines.filter(({ message }) => message === 'working')
    expect(working.map(({ cold_start }) => cold_start)).toEqual([true, false])
    expect(working[0]).toMatchObject({ function_request_id: 'lambda-request-1', service: 'predict-cifar10' })
  })
})
