/** `maas alias`: point a name such as `production` at a version, see its history, take it back. */
import { Command } from 'commander'
import { apiKeyOption, integer, jsonOption, rootOption, type TargetOptions, urlOption } from '../options.ts'
import type { Output } from '../output.ts'
import { openCatalog } from '../target.ts'
import { UsageError } from '../usage.ts'

interface AliasOptions extends TargetOptions {
  readonly why?: string
  readonly delete?: boolean
  readonly rollback?: boolean
}

const versionsText = (targets: readonly { readonly version: number }[]): string =>
  targets.map(({ version }) => version).join(' + ') || '-'

const show = async (name: string, only: string | undefined, options: AliasOptions, output: Output): Promise<void> => {
  const all = await (await openCatalog(options)).aliases(name)
  const aliases = only === undefined ? all : all.filter(({ alias }) => alias === only)
  if (only !== undefined && aliases.length === 0) {
    const known = all.map(({ alias }) => alias).join(', ') || 'none yet'
    throw new UsageError('ALIAS', `${name} has no alias "${only}"; it has: ${known}`)
  }
  output.data({ name, aliases })
  if (aliases.length === 0) output.line(`${name} has no alias yet. Make one: npx maas alias ${name} production 1`)
  else {
    output.table(
      ['alias', 'when', 'from', 'to', 'by', 'why'],
      aliases.flatMap(({ alias, history }) =>
        history
          .toReversed()
          .map(({ at, from, to, by, why }) => [
            alias,
            at.slice(0, 16).replace('T', ' '),
            versionsText(from),
            versionsText(to),
            by,
            why,
          ]),
      ),
    )
  }
}

/** The targets before the last move; a second rollback therefore undoes the first. */
const previousTargets = async (name: string, alias: string, options: AliasOptions) => {
  const record = (await (await openCatalog(options)).aliases(name)).find((candidate) => candidate.alias === alias)
  const previous = record?.history.at(-1)?.from
  if (!previous || previous.length === 0) {
    throw new UsageError('--rollback', `${name}@${alias} has never pointed anywhere else`)
  }
  return previous
}

const move = async (
  name: string,
  alias: string,
  version: number | undefined,
  options: AliasOptions,
  output: Output,
) => {
  const targets = version === undefined ? await previousTargets(name, alias, options) : [{ version, weight: 100 }]
  const record = await (await openCatalog(options)).setAlias(name, alias, targets, {
    by: process.env.USER ?? 'command line',
    why: options.why ?? (version === undefined ? 'rollback' : 'moved by hand'),
  })
  output.data({ alias: record })
  output.line(`${name}@${alias} now means version ${versionsText(record.targets)}.`)
}

export const aliasCommand = (output: Output): Command =>
  new Command('alias')
    .description('move an alias to a version, roll it back, delete it, or show its history')
    .argument('<name>', 'model')
    .argument('[alias]', 'alias, e.g. production')
    .argument('[version]', 'version to point it at', integer(1, 1e9))
    .option('--why <text>', 'reason, kept in the history')
    .option('--rollback', 'back to where it pointed before the last move')
    .option('--delete', 'delete the alias; the version stays')
    .addOption(rootOption())
    .addOption(urlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas alias cifar10                                    all aliases with their history
  $ npx maas alias cifar10 production 2 --why "better recall"
  $ npx maas alias cifar10 production --rollback
  $ npx maas alias cifar10 canary --delete`,
    )
    .action(async (name: string, alias: string | undefined, version: number | undefined, options: AliasOptions) => {
      const changes = [version !== undefined, options.rollback, options.delete].filter(Boolean).length
      if (changes > 1) throw new UsageError('alias', 'give one of VERSION, --rollback and --delete')
      if (changes === 1 && alias === undefined) throw new UsageError('ALIAS', 'say which alias, e.g. production')
      if (alias === undefined || changes === 0) await show(name, alias, options, output)
      else if (options.delete) {
        await (await openCatalog(options)).deleteAlias(name, alias)
        output.data({ deleted: { name, alias } })
        output.line(`Deleted ${name}@${alias}.`)
      } else await move(name, alias, version, options, output)
    })
