/** `maas key`: API keys of a deployment on AWS. */
import { Command, Option } from 'commander'
import { integer, jsonOption } from '../options.ts'
import type { Output } from '../output.ts'
import { expiryOf, regionOption, stackOption, useRegion } from './login.ts'

interface StackOptions {
  readonly stack: string
  readonly region?: string
}

interface CreateOptions extends StackOptions {
  readonly name: string
  readonly right: readonly ('data' | 'control')[]
  readonly model?: readonly string[]
  readonly days?: number
}

const open = async ({ stack, region }: StackOptions) => {
  useRegion(region)
  const [{ readDeployment }, keys] = await Promise.all([import('../aws/stacks.ts'), import('../aws/keys.ts')])
  return { keys, table: (await readDeployment(stack)).table }
}

const withStack = (command: Command): Command =>
  command.addOption(stackOption()).addOption(regionOption()).addOption(jsonOption()).exitOverride()

const createCommand = (output: Output): Command =>
  withStack(new Command('create'))
    .description('make a key; it is shown this one time, the table keeps its hash')
    .requiredOption('--name <name>', 'who will hold it')
    .addOption(
      new Option('--right <right...>', 'predictions, or models, jobs and keys')
        .choices(['data', 'control'])
        .default(['data']),
    )
    .option('--model <name...>', 'keep predictions to these models, at most eight')
    .option('--days <n>', 'days after which it ends (default: never)', integer(1, 3650))
    .action(async (options: CreateOptions) => {
      const { keys, table } = await open(options)
      const { key, id, record } = await keys.createKey(table, {
        name: options.name,
        rights: [...new Set(options.right)],
        ...(options.model && { models: [...options.model] }),
        ...(options.days !== undefined && { expires: expiryOf(options.days) }),
      })
      output.data({ key, id, ...record })
      output.note(`A key for ${record.name}: ${record.rights.join(' and ')}. It is shown only now; its id is ${id}.`)
      output.line(key)
    })

const listCommand = (output: Output): Command =>
  withStack(new Command('list'))
    .description('who holds keys, by id')
    .action(async (options: StackOptions) => {
      const { keys, table } = await open(options)
      const found = await keys.listKeys(table)
      output.data({ keys: found.map(({ id, ...rest }) => ({ id: keys.shortOf(id), ...rest })) })
      output.table(
        ['id', 'name', 'rights', 'models', 'ends'],
        found.map(({ id, name, rights, models, expires }) => [
          ...[keys.shortOf(id), name, rights.join(', '), models?.join(', ') ?? 'all'],
          expires === undefined ? 'never' : new Date(expires * 1000).toISOString().slice(0, 10),
        ]),
      )
    })

const revokeCommand = (output: Output): Command =>
  withStack(new Command('revoke'))
    .description('end a key; API Gateway remembers it for one more minute')
    .argument('<id>', 'as `maas key list` shows it')
    .action(async (id: string, options: StackOptions) => {
      const { keys, table } = await open(options)
      const { name } = await keys.revokeKey(table, id)
      output.data({ revoked: id, name })
      output.line(`The key ${id} of ${name} is gone; it stops working within a minute.`)
    })

export const keyCommand = (output: Output): Command =>
  new Command('key')
    .description('API keys of a deployment on AWS: create, list, revoke')
    .addCommand(createCommand(output))
    .addCommand(listCommand(output))
    .addCommand(revokeCommand(output))
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas key create --stack maas-dev --name web-shop --model cifar10 --days 365
  $ npx maas key list --stack maas-dev
  $ npx maas key revoke 0f3a9c21b4de --stack maas-dev`,
    )
