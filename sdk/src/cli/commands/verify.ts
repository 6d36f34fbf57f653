/** `maas verify`: replays a version's parity certificate on the kernels in force. */
import type { Replay } from '@maas/core/contract'
import { Command } from 'commander'
import { Maas } from '../../client.ts'
import { parseReference } from '../../reference.ts'
import { apiKeyOption, jsonOption, rootOption, type TargetOptions, urlOption } from '../options.ts'
import type { Output } from '../output.ts'
import { openLocalRegistry, storeDirectory } from '../target.ts'

/** The version a name means, and its newest replay; undefined when a service will make one later. */
const verify = async (name: string, { root, url, apiKey }: TargetOptions, output: Output) => {
  const reference = parseReference(name)
  if (url !== undefined) {
    const maas = new Maas({ url, apiKey })
    const version =
      reference.version ??
      (reference.alias === undefined
        ? Math.max(...(await maas.models.get(reference.name)).versions)
        : (await maas.aliases.get(reference.name, reference.alias)).targets[0]?.version) ??
      1
    const started = new Date().toISOString()
    const { replays, golden } = await maas.versions.verify(reference.name, version)
    return { ...reference, version, golden, started, replay: replays[0] }
  }
  const [{ openLocalImports }, registry] = await Promise.all([import('@maas/local'), openLocalRegistry(root)])
  const version = await registry.resolve(reference)
  const started = new Date().toISOString()
  const replay = await openLocalImports(storeDirectory(root), (text) => output.note(text)).verify(
    reference.name,
    version,
  )
  return { ...reference, version, started, replay: replay as Replay | undefined }
}

export const verifyCommand = (output: Output): Command =>
  new Command('verify')
    .description("replay a version's golden inputs on this machine's or a service's kernels")
    .argument('<model>', 'name, name@alias or name:version')
    .addOption(rootOption())
    .addOption(urlOption())
    .addOption(apiKeyOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Ends with 1 when the answers differ by more than the certificate allows; no alias can move to that version then.

Examples:
  $ npx maas verify digits@production
  $ npx maas verify digits:3 --url https://models.example.com`,
    )
    .action(async (name: string, options: TargetOptions) => {
      const { describeReplay } = await import('@maas/core/certificate')
      const { name: model, version, replay, started } = await verify(name, options, output)
      output.data({ model, version, replay })
      if (replay === undefined) {
        output.line(
          `${model}:${version} has no replay yet: the service makes it in the background. Ask again in a minute.`,
        )
        return
      }
      output.line(`${model}:${version} ${describeReplay(replay)}`)
      if (replay.at < started)
        output.line('  This replay is an older one; the service makes a new one in the background.')
      if (!replay.passed) output.markFailed()
    })
