/** `maas serve`: the whole service on this machine until Ctrl-C. */
import { parseRollback, type RollbackRule } from '@maas/core/contract'
import { Command, InvalidArgumentError, Option } from 'commander'
import { readEnvironment } from '../../environment.ts'
import { integer, jsonOption, rootOption } from '../options.ts'
import type { Output } from '../output.ts'
import { openLocalRegistry, storeDirectory } from '../target.ts'

interface ServeOptions {
  readonly root: string
  readonly port: number
  readonly host: string
  readonly allowHost?: readonly string[]
  readonly webhookAddress?: readonly string[]
  readonly verbose?: boolean
  readonly keys?: boolean
  readonly rollback?: readonly RollbackRule[]
}

const rollbackRule = (text: string, before: readonly RollbackRule[] = []): readonly RollbackRule[] => {
  try {
    return [...before, parseRollback(text)]
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
  }
}

const printWelcome = async (url: string, root: string, output: Output): Promise<void> => {
  const models = await (await openLocalRegistry(root)).models()
  output.data({ event: 'listening', url, root, models: models.map(({ name }) => name) })
  output.line(`maas answers at ${url}  (registry ${root}, Ctrl-C stops it)`)
  if (models.length === 0) {
    output.line('No models yet. In another terminal: npx maas train --data PATH --name NAME')
    return
  }
  for (const { name, aliases } of models.slice(0, 5)) {
    const [alias] = Object.keys(aliases)
    const path = alias === undefined ? name : `${name}/labels/${alias}`
    output.line(`  curl --data-binary @photo.jpg -H 'content-type: image/jpeg' ${url}/v1/models/${path}:classify`)
  }
}

export const serveCommand = (output: Output): Command =>
  new Command('serve')
    .description('serve every registered model over HTTP')
    .addOption(rootOption())
    .option('--port <number>', 'TCP port; 0 takes a free one', integer(0, 65535), 8501)
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--allow-host <name...>', 'further names that clients may call this service by')
    .option('--webhook-address <ip...>', 'private addresses that webhooks may go to, also without TLS')
    .addOption(
      new Option('--rollback <rule...>', 'take a move of an alias back when a rule is broken after it').argParser(
        rollbackRule,
      ),
    )
    .option('--keys', 'callers need an API key; the default on all but loopback addresses')
    .option('--no-keys', 'callers need no key, whatever the address')
    .option('--verbose', 'one line of JSON per request on standard error')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Examples:
  $ npx maas serve
  $ npx maas serve --root /var/lib/maas --port 9000 --verbose
  $ npx maas serve --host 0.0.0.0 --allow-host models.example.org     reachable from elsewhere, with keys
  $ npx maas serve --rollback "cifar10@production:errors>5" "cifar10@production:latency>200"     over five minutes; mean milliseconds
  $ MAAS_WEBHOOK_SECRETS="whsec_$(openssl rand -base64 24)" npx maas serve     webhooks signed with that secret`,
    )
    .action(async (options: ServeOptions) => {
      // By their own names: the rest of that package loads TensorFlow.js and image libraries, which a service never uses itself.
      const { untilSignal } = await import('@maas/local/signals')
      // From now on, not from when the service is up: Ctrl-C may come at any moment.
      const stopped = untilSignal()
      const { startService } = await import('@maas/local/service')
      const service = await startService({
        root: storeDirectory(options.root),
        port: options.port,
        host: options.host,
        allowedHosts: options.allowHost ?? [],
        verbose: options.verbose ?? false,
        ...(options.keys !== undefined && { keys: options.keys }),
        rollback: options.rollback ?? [],
        webhookSecrets: readEnvironment().webhookSecrets,
        webhookAddresses: options.webhookAddress ?? [],
      })
      await printWelcome(service.url, options.root, output)
      output.note(`${await stopped}: finishing open requests…`)
      await service.close()
    })
