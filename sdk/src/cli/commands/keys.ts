/** `maas keys`: make, list and revoke API keys: on this machine, of a running service, or in a deployment's table. */
import { randomBytes } from 'node:crypto'
import { type ApiKey, apiKeySchema, checked, type KeySummary } from '@maas/core/contract'
import type { Command } from 'commander'
import type { KeyBook } from '../aws/keys.ts'
import { CliCommand, decimal, integer, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { storeDirectory } from '../target.ts'
import { UsageError } from '../usage.ts'
import { expiryOf, regionOption, stackOption, useRegion } from './login.ts'

interface KeyTarget extends TargetOptions {
  /** A deployment on AWS, whose table is opened with the caller's own credentials. */
  readonly stack?: string
  readonly region?: string
}

/** The keys in a folder of this machine, as a service answers for its own. */
const openLocalKeys = async (root: string): Promise<KeyBook> => {
  const [{ createFileStore }, { createObjectKeys, issueKey, summarise }] = await Promise.all([
    import('@maas/core/store'),
    import('@maas/core/keys'),
  ])
  const store = createObjectKeys(createFileStore(storeDirectory(root)))
  return {
    list: async () => Promise.all((await store.list()).map((key) => summarise(store, key))),
    create: (record) => issueKey(store, record, { random: randomBytes(32), now: Date.now() }),
    revoke: (id) => store.remove(id),
  }
}

const openKeys = async ({ root, url, apiKey, stack, region }: KeyTarget): Promise<KeyBook> => {
  if (stack !== undefined) {
    useRegion(region)
    const [{ readDeployment }, { openTableKeys }] = await Promise.all([
      import('../aws/stacks.ts'),
      import('../aws/keys.ts'),
    ])
    return openTableKeys((await readDeployment(stack)).table)
  }
  if (url === undefined) return openLocalKeys(root)
  const { Maas } = await import('../../client.ts')
  return new Maas({ url, apiKey }).keys
}

interface CreateOptions extends KeyTarget {
  readonly right: readonly ApiKey['rights'][number][]
  readonly model?: readonly string[]
  readonly days?: number
  readonly rate?: number
  readonly burst?: number
  readonly quota?: number
  readonly budget?: number
}

const recordOf = (name: string, { right, model, days, rate, burst, quota, budget }: CreateOptions): ApiKey => {
  if (burst !== undefined && rate === undefined) throw new UsageError('--burst', 'needs --rate, requests a second')
  return checked(
    apiKeySchema,
    {
      name,
      rights: [...new Set(right)],
      ...(model && { models: model }),
      ...(days !== undefined && { expires: expiryOf(days) }),
      ...(rate !== undefined && { throttle: { rate, burst: burst ?? Math.max(1, Math.ceil(rate)) } }),
      ...(quota !== undefined && { quota }),
      ...(budget !== undefined && { budget }),
    },
    'key',
  )
}

const create = (output: Output): Command =>
  targeted(new CliCommand('create'), 'make a key; it is shown this one time')
    .argument('<name>', 'who will hold it')
    .option('--right <right...>', 'data (predictions), control (everything else)', ['data'])
    .option('--model <name...>', 'keep predictions to these models, at most eight (default: all)')
    .option('--days <number>', 'days after which it ends (default: never)', integer(1, 36_500))
    .option('--rate <number>', 'requests a second on end', decimal(0.001, 100_000))
    .option('--burst <number>', 'requests at once (default: as many as --rate)', integer(1, 100_000))
    .option('--quota <number>', 'requests a month', integer(0, 1e12))
    .option('--budget <dollars>', 'US dollars a month, by the price of each answer', decimal(0, 1e9))
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas keys create admin --right control data
  $ npx maas keys create web-shop --model cifar10 --days 365 --rate 10 --burst 20 --quota 100000 --budget 5`,
    )
    .action(async (name: string, options: CreateOptions) => {
      const made = await (await openKeys(options)).create(recordOf(name, options))
      output.data({ key: made })
      output.note(
        `A key for ${made.name}: ${made.rights.join(' and ')}. It is shown only now; revoke it by ${made.id.slice(0, 12)}.`,
      )
      output.line(made.key)
    })

const limitsText = ({ throttle, quota, budget }: ApiKey): string =>
  [
    throttle && `${throttle.rate}/s (${throttle.burst})`,
    quota !== undefined && `${quota}/month`,
    budget !== undefined && `$${budget}/month`,
  ]
    .filter((part) => part)
    .join(', ') || '-'

const usedText = ({ usage }: KeySummary): string =>
  usage === undefined ? '-' : `${usage.requests}, $${usage.cost.toFixed(4)} in ${usage.month}`

const list = (output: Output): Command =>
  targeted(new CliCommand('list'), 'show all keys, their limits and what they used this month').action(
    async (options: KeyTarget) => {
      const keys = (await (await openKeys(options)).list()).toSorted((a, b) => a.name.localeCompare(b.name))
      output.data({ keys })
      if (keys.length === 0) {
        output.line('No keys yet. Make one: npx maas keys create NAME')
        return
      }
      output.table(
        ['id', 'name', 'rights', 'models', 'ends', 'limits', 'used'],
        keys.map((key) => [
          key.id.slice(0, 12),
          key.name,
          key.rights.join(' '),
          key.models?.join(' ') ?? 'all',
          key.expires === undefined ? 'never' : new Date(key.expires * 1000).toISOString().slice(0, 10),
          limitsText(key),
          usedText(key),
        ]),
      )
    },
  )

const revoke = (output: Output): Command =>
  targeted(new CliCommand('revoke'), 'end a key for good')
    .argument('<id>', 'its id, or the first 8 or more characters of it')
    .action(async (id: string, options: KeyTarget) => {
      if (id.length < 8) throw new UsageError('ID', `got ${id}; give 8 or more characters of it`)
      const keys = await openKeys(options)
      const found = (await keys.list()).filter((key) => key.id.startsWith(id))
      const [only, ...others] = found
      if (only === undefined || others.length > 0) {
        throw new UsageError('ID', `${found.length} keys begin with ${id}; npx maas keys list shows them`)
      }
      await keys.revoke(only.id)
      output.data({ revoked: only.id })
      output.line(`Revoked ${only.id.slice(0, 12)} of ${only.name}.`)
    })

const targeted = (command: CliCommand, description: string): Command =>
  command.description(description).addOption(stackOption()).addOption(regionOption()).addTargetOptions()

export const keysCommand = (output: Output): Command => {
  const command = new CliCommand('keys').description('make, list and revoke API keys').addHelpText(
    'after',
    `
Examples:
  $ npx maas keys create web-shop --model cifar10 --quota 100000
  $ npx maas keys list
  $ npx maas keys list --url https://models.example.org      of a service, by a key with the right control
  $ npx maas keys create admin --right control --stack maas-dev     in a deployment's table, by your AWS credentials
  $ npx maas keys revoke 3f9a1c2b44d0`,
  )
  for (const make of [create, list, revoke]) command.addCommand(make(output).exitOverride())
  return command
}
