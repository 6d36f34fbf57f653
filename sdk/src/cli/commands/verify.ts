/** `maas verify`: replays parity certificates on the kernels in force, of one version or of all. */
import type { Replay } from '@maas/core/contract'
import type { Command } from 'commander'
import { Maas } from '../../client.ts'
import { parseReference } from '../../reference.ts'
import { CliCommand, type TargetOptions } from '../options.ts'
import type { Output } from '../output.ts'
import { createBar } from '../progress.ts'
import { openCatalog, openLocalRegistry, storeDirectory } from '../target.ts'
import { UsageError } from '../usage.ts'

interface VerifyOptions extends TargetOptions {
  readonly all?: boolean
}

interface Verified {
  readonly model: string
  readonly version: number
  /** Undefined when a service will make one later. */
  readonly replay: Replay | undefined
  /** The replay is from before this call; the service makes a new one. */
  readonly isOld: boolean
}

type Verify = (name: string, version: number) => Promise<Verified>

/** Here, or by the service. */
const verifier = async ({ root, url, apiKey }: TargetOptions, output: Output): Promise<Verify> => {
  if (url !== undefined) {
    const { versions } = new Maas({ url, apiKey })
    return async (model, version) => {
      const started = new Date().toISOString()
      const [replay] = (await versions.verify(model, version)).replays
      return { model, version, replay, isOld: replay !== undefined && replay.at < started }
    }
  }
  const { openLocalImports } = await import('@maas/local')
  const { verify } = openLocalImports(storeDirectory(root), (text) => output.note(text))
  return async (model, version) => ({ model, version, replay: await verify(model, version), isOld: false })
}

const resolveVersion = async (name: string, { root, url, apiKey }: TargetOptions) => {
  const reference = parseReference(name)
  if (url === undefined) {
    return { name: reference.name, version: await (await openLocalRegistry(root)).resolve(reference) }
  }
  const maas = new Maas({ url, apiKey })
  const version =
    reference.version ??
    (reference.alias === undefined
      ? Math.max(...(await maas.models.get(reference.name)).versions)
      : (await maas.aliases.get(reference.name, reference.alias)).targets[0]?.version) ??
    1
  return { name: reference.name, version }
}

const verifyOne = async (name: string, options: VerifyOptions, output: Output): Promise<void> => {
  const { describeReplay } = await import('@maas/core/certificate')
  const verify = await verifier(options, output)
  const wanted = await resolveVersion(name, options)
  const { model, version, replay, isOld } = await verify(wanted.name, wanted.version)
  output.data({ model, version, replay })
  if (replay === undefined) {
    output.line(`${model}:${version} has no replay yet: the service makes it in the background. Ask again in a minute.`)
    return
  }
  output.line(`${model}:${version} ${describeReplay(replay)}`)
  if (isOld) output.line('  This replay is an older one; the service makes a new one in the background.')
  if (!replay.passed) output.markFailed()
}

/** What the table says of one. */
const resultOf = ({ replay, isOld }: Verified): string => {
  if (replay === undefined) return 'asked for'
  return `${replay.passed ? 'passed' : 'FAILED'}${isOld ? ' (a new one was asked for)' : ''}`
}

const verifyAll = async (options: VerifyOptions, output: Output): Promise<void> => {
  const catalog = await openCatalog(options)
  const all = (await Promise.all((await catalog.models()).map(async ({ name }) => await catalog.versions(name)))).flat()
  const certified = all.filter(({ files }) => files.some(({ path }) => path === 'golden.json'))
  const verify = await verifier(options, output)
  const bar = createBar(output)
  const found: Verified[] = []
  // One after the other: each takes all cores.
  for (const [at, { name, version }] of certified.entries()) {
    bar.show(`${name}:${version}`, at, certified.length)
    found.push(await verify(name, version))
  }
  bar.clear()
  output.data({ verified: found.map(({ model, version, replay }) => ({ model, version, replay })) })
  output.table(
    ['version', 'result', 'difference', 'allowed', 'kernels'],
    found.map((one) => [
      `${one.model}:${one.version}`,
      resultOf(one),
      one.replay?.difference?.toExponential(1) ?? '-',
      String(one.replay?.tolerance ?? '-'),
      one.replay?.kernels ?? '-',
    ]),
  )
  const without = all.length - certified.length
  if (without > 0)
    output.line(
      `${without} of ${all.length} versions have no certificate: they came before there was one, or take text.`,
    )
  if (found.some(({ replay }) => replay?.passed === false)) output.markFailed()
}

export const verifyCommand = (output: Output): Command =>
  new CliCommand('verify')
    .description("replay versions' golden inputs on this machine's or a service's kernels")
    .argument('[model]', 'name, name@alias or name:version')
    .option('--all', 'every version that has a certificate, as after an upgrade of the kernels')
    .addTargetOptions()
    .addHelpText(
      'after',
      `
Ends with 1 when answers differ by more than the certificate allows; no alias can move to that version then.

Examples:
  $ npx maas verify digits@production
  $ npx maas verify --all
  $ npx maas verify digits:3 --url https://models.example.com`,
    )
    .action(async (name: string | undefined, options: VerifyOptions) => {
      if ((name === undefined) !== (options.all === true)) {
        throw new UsageError('verify', 'give a model, or --all')
      }
      await (name === undefined ? verifyAll(options, output) : verifyOne(name, options, output))
    })
