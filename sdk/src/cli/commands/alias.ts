/** `maas alias`: point a name such as `production` at a version, see its history, take it back. */
import type { AliasTarget } from '@maas/core/contract'
import { lastMove } from '@maas/core/contract/last-move'
import { type Command, InvalidArgumentError } from 'commander'
import { comeAgain } from '../come-again.ts'
import { CliCommand, integer, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { openCatalog, storeDirectory } from '../target.ts'
import { UsageError } from '../usage.ts'

interface AliasOptions extends TargetOptions {
  readonly why?: string
  readonly delete?: boolean
  readonly rollback?: boolean
  readonly split?: readonly AliasTarget[]
  readonly shadow?: number | false
}

/** `1=90,2=10`: percentages by version. */
const split = (text: string): AliasTarget[] => {
  const targets = text.split(',').map((part) => /^(\d{1,9})=(\d{1,3}(?:\.\d+)?)$/.exec(part.trim()))
  const found = targets.flatMap((match) => (match ? [{ version: Number(match[1]), weight: Number(match[2]) }] : []))
  const sum = found.reduce((total, { weight }) => total + weight, 0)
  if (found.length === targets.length && Math.abs(sum - 100) < 1e-6) return found
  throw new InvalidArgumentError('Give percentages by version that add up to 100, such as 1=90,2=10.')
}

const versionsText = (targets: readonly AliasTarget[]): string =>
  targets.map(({ version, weight }) => (weight === 100 ? version : `${version} (${weight}%)`)).join(' + ') || '-'

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
          .map(({ at, from, to, shadow, by, why }) => [
            alias,
            at.slice(0, 16).replace('T', ' '),
            versionsText(from),
            `${versionsText(to)}${shadow === undefined ? '' : `, shadow ${shadow}`}`,
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
  const previous = record && lastMove(record)?.from
  if (previous === undefined) {
    throw new UsageError('--rollback', `${name}@${alias} has never pointed anywhere else`)
  }
  return previous
}

/** Where the options say it goes; where it points now when they are about the shadow alone. */
const targetsOf = async (name: string, alias: string, version: number | undefined, options: AliasOptions) => {
  if (options.rollback) return previousTargets(name, alias, options)
  if (options.split !== undefined) return options.split
  if (version !== undefined) return [{ version, weight: 100 }]
  const record = (await (await openCatalog(options)).aliases(name)).find((candidate) => candidate.alias === alias)
  if (record === undefined) throw new UsageError('ALIAS', `${name} has no alias "${alias}" yet; give it a version too`)
  return record.targets
}

/** For the history, when nobody said. */
const whyOf = (version: number | undefined, { rollback, split: shares, shadow }: AliasOptions): string => {
  if (rollback) return 'rollback'
  if (version !== undefined || shares !== undefined || shadow === undefined) return 'moved by hand'
  return shadow === false ? 'shadow ended' : 'shadow began'
}

const move = async (
  name: string,
  alias: string,
  version: number | undefined,
  options: AliasOptions,
  output: Output,
) => {
  const targets = await targetsOf(name, alias, version, options)
  if (options.url === undefined) {
    // A service does it by itself.
    const { openLocalImports } = await import('@maas/local')
    const { ensureReplayed } = openLocalImports(storeDirectory(options.root), (text) => output.note(text))
    await ensureReplayed(
      name,
      targets.map((target) => target.version),
    )
  }
  const catalog = await openCatalog(options)
  const change = {
    by: process.env.USER ?? 'command line',
    why: options.why ?? whyOf(version, options),
    ...(options.shadow !== undefined && { shadow: options.shadow === false ? null : options.shadow }),
  }
  const record = await comeAgain(() => catalog.setAlias(name, alias, targets, change), { tell: output.note })
  output.data({ alias: record })
  const beside = record.shadow === undefined ? '' : `; version ${record.shadow} answers in its shadow`
  output.line(`${name}@${alias} now means version ${versionsText(record.targets)}${beside}.`)
}

export const aliasCommand = (output: Output): Command =>
  new CliCommand('alias')
    .description('move an alias to a version, roll it back, delete it, or show its history')
    .argument('<name>', 'model')
    .argument('[alias]', 'alias, e.g. production')
    .argument('[version]', 'version to point it at', integer(1, 1e9))
    .option('--why <text>', 'reason, kept in the history')
    .option('--split <weights>', 'percentages by version, such as 1=90,2=10', split)
    .option('--shadow <version>', 'a version that is asked too, out of sight of the callers', integer(1, 1e9))
    .option('--no-shadow', 'end the shadow')
    .option('--rollback', 'back to where it pointed before the last move')
    .option('--delete', 'delete the alias; the version stays')
    .addTargetOptions()
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas alias cifar10                                    all aliases with their history
  $ npx maas alias cifar10 production 2 --why "better recall"
  $ npx maas alias cifar10 production --split 2=90,3=10       one request in ten to version 3
  $ npx maas alias cifar10 production --shadow 3              compare version 3 on real requests
  $ npx maas alias cifar10 production --rollback
  $ npx maas alias cifar10 canary --delete`,
    )
    .action(async (name: string, alias: string | undefined, version: number | undefined, options: AliasOptions) => {
      const moves = [version !== undefined, options.split, options.rollback, options.delete].filter(Boolean).length
      const changes = moves + (moves === 0 && options.shadow !== undefined ? 1 : 0)
      if (changes > 1) throw new UsageError('alias', 'give one of VERSION, --split, --rollback and --delete')
      if (changes === 1 && alias === undefined) throw new UsageError('ALIAS', 'say which alias, e.g. production')
      if (alias === undefined || changes === 0) await show(name, alias, options, output)
      else if (options.delete) {
        await (await openCatalog(options)).deleteAlias(name, alias)
        output.data({ deleted: { name, alias } })
        output.line(`Deleted ${name}@${alias}.`)
      } else await move(name, alias, version, options, output)
    })
