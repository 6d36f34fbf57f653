import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { createWebhooks } from '@maas/core/predictions'
import { mockClient } from 'aws-sdk-client-mock'
import { Webhook } from 'standardwebhooks'
import { beforeEach, describe, expect, it } from 'vitest'
import { cachedSecrets } from '../../../../functions/predict/webhook-secrets.ts'

const client = mockClient(SecretsManagerClient)
const secret = 'arn:aws:secretsmanager:eu-west-1:111122223333:secret:webhooks-AbCdEf'
/** As Secrets Manager generates them: 44 letters and digits. */
const [first, second] = ['abcdEFGH0123'.repeat(4).slice(0, 44), 'Zyxw9876'.repeat(6).slice(0, 44)]
const missing = Object.assign(new Error('no such stage'), { name: 'ResourceNotFoundException' })

let now: number
const setup = () => cachedSecrets({ client: new SecretsManagerClient(), secret, clock: () => now })

beforeEach(() => {
  now = 1_800_000_000_000
  client.reset()
  client.on(GetSecretValueCommand, { VersionStage: 'AWSCURRENT' }).resolves({ SecretString: first })
  client.on(GetSecretValueCommand, { VersionStage: 'AWSPREVIOUS' }).rejects(missing)
})

describe('the secret of webhooks', () => {
  it('signs what its receiver can verify', async () => {
    const sent: { headers: Readonly<Record<string, string>>; body: string }[] = []
    const webhooks = createWebhooks({
      secrets: setup(),
      clock: () => Date.now(),
      sleep: async () => {},
      deliver: async (_, headers, body) => {
        sent.push({ headers, body })
        return 200
      },
    })
    await webhooks.check('https://example.org/hook')
    expect(await webhooks.send('https://example.org/hook', 'id-1', '{"a":1}')).toBe('delivered')
    const [{ headers, body } = { headers: {}, body: '' }] = sent
    expect(new Webhook(`whsec_${first}`).verify(body, headers)).toEqual({ a: 1 })
    expect(() => new Webhook(`whsec_${second}`).verify(body, headers)).toThrow()
  })

  it('is read once in five minutes, and with the value before it after a rotation', async () => {
    const secrets = setup()
    expect(await secrets()).toEqual([`whsec_${first}`])
    client.on(GetSecretValueCommand, { VersionStage: 'AWSCURRENT' }).resolves({ SecretString: second })
    client.on(GetSecretValueCommand, { VersionStage: 'AWSPREVIOUS' }).resolves({ SecretString: first })
    now += 299_000
    expect(await secrets()).toEqual([`whsec_${first}`])
    now += 2000
    expect(await secrets()).toEqual([`whsec_${second}`, `whsec_${first}`])
    expect(client.commandCalls(GetSecretValueCommand)).toHaveLength(4)
  })

  it('that may not be read is named with the permission, and asked for again', async () => {
    const denied = Object.assign(new Error('not authorized'), { name: 'AccessDeniedException' })
    client.on(GetSecretValueCommand).rejects(denied)
    const secrets = setup()
    await expect(secrets()).rejects.toThrow(`secretsmanager:GetSecretValue on ${secret}`)
    client.on(GetSecretValueCommand, { VersionStage: 'AWSCURRENT' }).resolves({ SecretString: first })
    client.on(GetSecretValueCommand, { VersionStage: 'AWSPREVIOUS' }).rejects(missing)
    expect(await secrets()).toEqual([`whsec_${first}`])
  })
})
