/** The secret that signs webhooks, as Secrets Manager keeps it: the current value and, after a rotation, the one before. */
import { GetSecretValueCommand, type SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { MaasError, messageOf } from '@maas/core/errors'

export interface SecretDeps {
  readonly client: SecretsManagerClient
  /** ARN. */
  readonly secret: string
  /** Milliseconds since 1970. */
  readonly clock: () => number
}

/** A rotation is in force everywhere after this long. */
const KEEP_MS = 5 * 60_000

/** Newest first, in the form of Standard Webhooks. What is generated at deployment is letters and digits, which are base64 as they are. */
const readSecrets = async ({ client, secret }: SecretDeps): Promise<readonly string[]> => {
  const read = async (VersionStage: string): Promise<string[]> => {
    try {
      const { SecretString: value } = await client.send(new GetSecretValueCommand({ SecretId: secret, VersionStage }))
      return value ? [`whsec_${value.trim().replace(/^whsec_/, '')}`] : []
    } catch (error) {
      // It was never rotated.
      if (VersionStage === 'AWSPREVIOUS' && error instanceof Error && error.name === 'ResourceNotFoundException')
        return []
      throw new MaasError(
        'internal',
        `secretsmanager:GetSecretValue on ${secret} failed, so webhooks cannot be signed: ${messageOf(error)}`,
        { cause: error },
      )
    }
  }
  return (await Promise.all(['AWSCURRENT', 'AWSPREVIOUS'].map(read))).flat()
}

/** Read with the first webhook and again every five minutes; a failure is not kept. */
export const cachedSecrets = (deps: SecretDeps): (() => Promise<readonly string[]>) => {
  let known: { readonly at: number; readonly secrets: Promise<readonly string[]> } | undefined
  return () => {
    const now = deps.clock()
    if (known !== undefined && now - known.at < KEEP_MS) return known.secrets
    const secrets = readSecrets(deps)
    known = { at: now, secrets }
    secrets.catch(() => {
      if (known?.secrets === secrets) known = undefined
    })
    return secrets
  }
}
