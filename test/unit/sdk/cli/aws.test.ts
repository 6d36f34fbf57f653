import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation'
import { GetServiceQuotaCommand, ServiceQuotasClient } from '@aws-sdk/client-service-quotas'
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts'
import { DynamoDBDocumentClient, GetCommand, ScanCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { apiKeyId, apiKeyPattern } from '@maas/core/contract'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { preflight } from '../../../../sdk/src/cli/aws/preflight.ts'
import { main } from '../../../../sdk/src/cli/main.ts'

const stacks = mockClient(CloudFormationClient)
const table = mockClient(DynamoDBDocumentClient)
const sts = mockClient(STSClient)
const quotas = mockClient(ServiceQuotasClient)

const stack = (outputs: Record<string, string>) => ({
  Stacks: [
    {
      StackName: 'x',
      CreationTime: new Date(),
      StackStatus: 'CREATE_COMPLETE' as const,
      Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
    },
  ],
})

let config = ''
let said = ''
beforeEach(() => {
  config = mkdtempSync(join(tmpdir(), 'config-'))
  vi.stubEnv('XDG_CONFIG_HOME', config)
  vi.stubEnv('AWS_REGION', 'eu-west-1')
  said = ''
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, 'write').mockImplementation((text) => {
      said += text
      return true
    })
  }
  for (const mock of [stacks, table, sts, quotas]) mock.reset()
  stacks.on(DescribeStacksCommand).rejects(new Error('Stack with id ghost-service does not exist'))
  stacks
    .on(DescribeStacksCommand, { StackName: 'maas-dev-service' })
    .resolves(stack({ Url: 'https://api.example.org/dev/' }))
  stacks.on(DescribeStacksCommand, { StackName: 'maas-dev-storage' }).resolves(stack({ KeyTable: 'keys' }))
  table.on(TransactWriteCommand).resolves({})
  table.on(GetCommand).resolves({})
})

describe('maas login', () => {
  it('makes a key, stores its hash alone, and keeps URL and key for the CLI and the SDK', async () => {
    expect(await main(['login', '--stack', 'maas-dev', '--days', '7'])).toBe(0)
    const profile = JSON.parse(readFileSync(join(config, 'maas', 'profile.json'), 'utf8'))
    expect(profile).toMatchObject({ url: 'https://api.example.org/dev/', stack: 'maas-dev' })
    expect(profile.apiKey).toMatch(apiKeyPattern)
    const { Item = {}, TableName } =
      table.commandCalls(TransactWriteCommand)[0]?.args[0].input.TransactItems?.[0]?.Put ?? {}
    expect(TableName).toBe('keys')
    expect(Item).toMatchObject({ id: apiKeyId(profile.apiKey), rights: ['data', 'control'] })
    expect(Item.expires - Date.now() / 1000).toBeCloseTo(7 * 86_400, -2)
    expect(JSON.stringify(Item) + said).not.toContain(profile.apiKey)
  })

  it('takes the name of any of the stacks, and names the stack and region that it cannot find', async () => {
    expect(await main(['login', '--stack', 'maas-dev-storage'])).toBe(0)
    expect(await main(['login', '--stack', 'ghost'])).toBe(2)
    expect(said).toContain('no stack ghost-service is in eu-west-1')
    expect(table.commandCalls(TransactWriteCommand)).toHaveLength(1)
  })

  it('says what to do without credentials', async () => {
    stacks.reset()
    stacks.on(DescribeStacksCommand).rejects(Object.assign(new Error('no'), { name: 'CredentialsProviderError' }))
    expect(await main(['login', '--stack', 'maas-dev'])).toBe(1)
    expect(said).toContain('aws configure')
  })
})

describe('maas keys', () => {
  it('creates, lists and revokes by the id that logs show', async () => {
    expect(await main(['keys', 'create', 'shop', '--stack', 'maas-dev', '--model', 'cifar10', '--json'])).toBe(0)
    const { key, id: hash } = JSON.parse(said.split('\n').find((line) => line.startsWith('{')) ?? '').key
    expect(apiKeyId(key)).toBe(`key#${hash}`)
    const id = hash.slice(0, 12)
    const item = { id: apiKeyId(key), name: 'shop', rights: ['data'], models: ['cifar10'] }
    table.on(ScanCommand).resolves({ Items: [item] })
    said = ''
    expect(await main(['keys', 'list', '--stack', 'maas-dev'])).toBe(0)
    expect(said).toMatch(new RegExp(`${id}.*shop.*data.*cifar10.*never`))
    expect(said).not.toContain(key)
    expect(await main(['keys', 'revoke', id, '--stack', 'maas-dev'])).toBe(0)
    const deleted = table.commandCalls(TransactWriteCommand).at(-1)?.args[0].input.TransactItems
    expect(deleted?.map((each) => each.Delete?.Key?.id)).toEqual([item.id, `use#${hash}`])
    expect(await main(['keys', 'revoke', 'ffffffffffff', '--stack', 'maas-dev'])).toBe(2)
  })
})

describe('maas doctor --aws', () => {
  const ask = (docker: number | undefined) => preflight({ run: () => docker, env: {} })

  it('finds an account ready, with room in its quotas', async () => {
    sts.on(GetCallerIdentityCommand).resolves({ Account: '111122223333', Arn: 'arn:aws:iam::111122223333:user/me' })
    stacks.on(DescribeStacksCommand, { StackName: 'CDKToolkit' }).resolves(stack({ BootstrapVersion: '30' }))
    quotas.on(GetServiceQuotaCommand).resolves({ Quota: { Value: 1000 } })
    const findings = await ask(0)
    expect(findings.map(({ level }) => level)).toEqual(['ok', 'ok', 'ok', 'ok', 'ok', 'ok'])
  })

  it('names what is missing and the command that mends it', async () => {
    sts.on(GetCallerIdentityCommand).resolves({ Account: '111122223333', Arn: 'me' })
    quotas.on(GetServiceQuotaCommand).resolves({ Quota: { Value: 10 } })
    quotas.on(GetServiceQuotaCommand, { QuotaCode: 'L-3032A538' }).resolves({ Quota: { Value: 0 } })
    const findings = await ask(undefined)
    expect(findings.map(({ level }) => level)).toEqual(['error', 'ok', 'error', 'warn', 'error', 'warn'])
    expect(findings[0]?.what).toContain('docker is not installed')
    expect(findings[2]?.fix).toBe('npx cdk bootstrap')
    expect(findings[4]?.fix).toContain('request-service-quota-increase')
  })

  it('asks nothing more of an account without credentials', async () => {
    sts.on(GetCallerIdentityCommand).rejects(Object.assign(new Error('no'), { name: 'CredentialsProviderError' }))
    const findings = await ask(1)
    expect(findings).toHaveLength(2)
    expect(findings[0]?.what).toContain('its daemon does not answer')
    expect(quotas.calls()).toHaveLength(0)
  })
})
