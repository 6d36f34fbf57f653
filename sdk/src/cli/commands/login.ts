/** `maas login` and `maas logout`: from a deployment's name to a CLI and SDK that talk to it. */
import { hostname, userInfo } from 'node:os'
import { Command, Option } from 'commander'
import { integer, jsonOption } from '../options.ts'
import type { Output } from '../output.ts'

interface LoginOptions {
  readonly stack: string
  readonly region?: string
  readonly days: number
  readonly right: readonly ('data' | 'control')[]
}

export const stackOption = (): Option =>
  new Option('--stack <name>', "what the deployment's stacks begin with, e.g. maas-dev")

export const regionOption = (): Option =>
  new Option('--region <region>', "the deployment's AWS region").env('AWS_REGION')

/** The SDK's clients read it from there. */
export const useRegion = (region: string | undefined): void => {
  if (region !== undefined) process.env.AWS_REGION = region
}

const day = 86_400

export const expiryOf = (days: number): number => Math.floor(Date.now() / 1000) + days * day

const login = async ({ stack, region, days, right }: LoginOptions, output: Output): Promise<void> => {
  useRegion(region)
  const [{ readDeployment }, { openTableKeys }, { writeProfile }] = await Promise.all([
    import('../aws/stacks.ts'),
    import('../aws/keys.ts'),
    import('../aws/profile-file.ts'),
  ])
  const deployment = await readDeployment(stack)
  const name = `${userInfo().username}@${hostname()}`.slice(0, 100)
  const record = { name, rights: [...new Set(right)], expires: expiryOf(days) }
  const { key, ...made } = await openTableKeys(deployment.table).create(record)
  const id = made.id.slice(0, 12)
  const file = await writeProfile({ url: deployment.url, apiKey: key, stack: deployment.stack })
  output.data({ url: deployment.url, key: id, days, file })
  output.line(`Logged in to ${deployment.url}`)
  output.line(`A key for ${name} (${right.join(' and ')}) that ends in ${days} days, id ${id}, is in ${file}`)
  output.line('Next: npx maas models')
}

export const loginCommand = (output: Output): Command =>
  new Command('login')
    .description('make an API key for a deployment on AWS, and use both from now on')
    .addOption(stackOption().makeOptionMandatory())
    .addOption(regionOption())
    .option('--days <n>', 'days after which the key ends', integer(1, 365), 90)
    .addOption(
      new Option('--right <right...>', 'what the key may do: predictions, or models and jobs')
        .choices(['data', 'control'])
        .default(['data', 'control']),
    )
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Reads the outputs of the stacks NAME-service and NAME-storage with your AWS credentials, and stores the key's hash in
the table. URL and key go to $XDG_CONFIG_HOME/maas/profile.json (default ~/.config), which only you may read. Commands
and loadModel() use them wherever neither --url, MAAS_URL, --root nor MAAS_ROOT says otherwise.

Examples:
  $ npx maas login --stack maas-dev
  $ npx maas login --stack maas-prod --region eu-west-1 --right data --days 7
  $ npx maas logout`,
    )
    .action((options: LoginOptions) => login(options, output))

export const logoutCommand = (output: Output): Command =>
  new Command('logout')
    .description('forget the deployment of maas login; its key stays valid until it ends or is revoked')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      '\nExamples:\n  $ npx maas logout\n  $ npx maas keys revoke ID --stack maas-dev   end the key itself',
    )
    .action(async () => {
      const { removeProfile } = await import('../aws/profile-file.ts')
      const file = await removeProfile()
      output.data({ removed: file })
      output.line(`Logged out: ${file} is gone.`)
    })
