import { authorize, pathsOf } from '@maas/authorizer'
import { apiKeyId, formatApiKey } from '@maas/core/contract'
import { describe, expect, it } from 'vitest'

const key = formatApiKey(new Uint8Array(32).fill(7))
const methodArn = 'arn:aws:execute-api:eu-west-1:111122223333:abc123/dev/POST/v1/models/cifar10:predict'
const ask = (stored: object | undefined, given: string | undefined = key) =>
  authorize(
    { key: given, methodArn },
    {
      find: async (id) => (id === apiKeyId(key) ? stored : undefined),
      usageKeys: { data: 'data-plan', control: 'control-plan' },
      now: () => 1000,
    },
  )

/** As IAM matches: `*` is anything, `?` one character. */
const covers = (patterns: readonly string[], call: string): boolean =>
  patterns.some((pattern) =>
    new RegExp(`^${pattern.replace(/[.:/]/g, '\\$&').replaceAll('?', '.').replaceAll('*', '.*')}$`).test(call),
  )

describe('authorize', () => {
  it('lets a data key predict and nothing else', async () => {
    const answer = await ask({ id: 'x', name: 'app', rights: ['data'] })
    expect(answer).toMatchObject({ principalId: 'app', usageIdentifierKey: 'data-plan' })
    const [statement] = answer?.policyDocument.Statement ?? []
    const resources = (statement as { Resource: string[] }).Resource
    const stage = 'arn:aws:execute-api:eu-west-1:111122223333:abc123/dev'
    expect(covers(resources, methodArn)).toBe(true)
    expect(covers(resources, `${stage}/PUT/models/cifar10/aliases/production`)).toBe(false)
    expect(covers(resources, `${stage}/GET/models`)).toBe(false)
    expect(covers(resources, methodArn.replace('abc123', 'other1'))).toBe(false)
  })

  it.each([
    ['no key', { name: 'app', rights: ['data'] }, ''],
    ['another key', { name: 'app', rights: ['data'] }, formatApiKey(new Uint8Array(32).fill(8))],
    ['a text of another shape', { name: 'app', rights: ['data'] }, 'maas_short'],
    ['an unknown key', undefined, key],
    ['an expired key', { name: 'app', rights: ['data'], expires: 1000 }, key],
  ])('refuses %s', async (_, stored, given) => {
    expect(await ask(stored, given)).toBeUndefined()
  })

  it('fails on a damaged record rather than letting anybody in or out', async () => {
    await expect(ask({ name: 'app', rights: ['admin'] })).rejects.toThrow('is damaged')
  })
})

describe('pathsOf', () => {
  it('keeps a key to its models', () => {
    const paths = pathsOf({ rights: ['data'], models: ['cifar10'] })
    for (const call of [
      'POST/v1/models/cifar10:predict',
      'GET/v1/models/cifar10',
      'POST/v1/models/cifar10/versions/3:classify',
      'GET/v1/models/cifar10/labels/production/metadata',
    ]) {
      expect(covers(paths, call), call).toBe(true)
    }
    for (const call of ['POST/v1/models/cifar100:predict', 'GET/v1/models/cifar10x', 'GET/models/cifar10']) {
      expect(covers(paths, call), call).toBe(false)
    }
  })

  it('gives the control plane its own routes and no predictions', () => {
    const paths = pathsOf({ rights: ['control'] })
    expect(covers(paths, 'PUT/models/cifar10/aliases/production')).toBe(true)
    expect(covers(paths, 'GET/models')).toBe(true)
    expect(covers(paths, 'POST/v1/models/cifar10:predict')).toBe(false)
  })

  it('gives nothing away by what a model, an alias or a version is called', () => {
    const data = pathsOf({ rights: ['data'], models: ['cifar10'] })
    for (const call of [
      'PUT/models/predictions/aliases/production',
      'PUT/models/predictions/aliases/cancel',
      'DELETE/models/endpoints/versions/3',
      'PUT/models/v1/aliases/models',
      'GET/v3/models/cifar100',
    ]) {
      expect(covers(data, call), call).toBe(false)
    }
    expect(covers(data, 'POST/predictions/p1/cancel')).toBe(true)
    const control = pathsOf({ rights: ['control'] })
    for (const call of ['POST/v1/models/keys/versions/3:predict', 'POST/v1/models/imports/labels/complete:predict']) {
      expect(covers(control, call), call).toBe(false)
    }
    expect(covers(control, 'POST/imports/i1/complete')).toBe(true)
  })

  it('stays below the 8 KB that API Gateway takes, with the most models a key may name', () => {
    const models = Array.from({ length: 8 }, (_, index) => `${index}`.padEnd(63, 'm'))
    const stage = 'arn:aws:execute-api:eu-central-1:111122223333:abcdefghij/development'
    const size = pathsOf({ rights: ['data', 'control'], models }).reduce(
      (sum, path) => sum + stage.length + path.length + 4,
      0,
    )
    expect(size).toBeLessThan(7500)
  })
})
