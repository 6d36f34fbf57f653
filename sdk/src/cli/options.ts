/** Options that several commands share, and the parsers that explain a bad value. */
import { Command, InvalidArgumentError, Option } from 'commander'

const defaultRoot = './.maas'

export const rootOption = (): Option =>
  new Option('--root <dir>', 'folder of the local registry, jobs and data').env('MAAS_ROOT').default(defaultRoot)

/** The flag as it must be repeated in a command that is printed for copying. */
export const rootFlag = (root: string): string =>
  root === defaultRoot || root === process.env.MAAS_ROOT ? '' : ` --root ${root}`

const urlOption = (): Option =>
  new Option('--url <url>', 'a running service to talk to, in place of --root').env('MAAS_URL')

const apiKeyOption = (): Option =>
  new Option('--api-key <key>', 'key for --url; prefer the environment variable').env('MAAS_API_KEY')

export const jsonOption = (): Option => new Option('--json', 'one JSON object a line on standard output, for machines')

/** A command with the options that many share; asked for last, so that help shows a command's own first. */
export class CliCommand extends Command {
  /** Works on the local registry alone. */
  addLocalOptions(): this {
    return this.addOption(rootOption()).addOption(jsonOption())
  }

  /** Talks to a service alone. */
  addServiceOptions(): this {
    return this.addOption(urlOption()).addOption(apiKeyOption()).addOption(jsonOption())
  }

  /** Finds models in a folder or at a service. */
  addTargetOptions(): this {
    return this.addOption(rootOption()).addServiceOptions()
  }
}

/** Where models are: a folder on this machine, or a service. */
export interface TargetOptions {
  readonly root: string
  readonly url?: string
  readonly apiKey?: string
}

export const integer =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isInteger(value) && value >= min && value <= max && text.trim() !== '') return value
    throw new InvalidArgumentError(`Give a whole number from ${min} to ${max}.`)
  }

export const decimal =
  (min: number, max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (Number.isFinite(value) && value >= min && value <= max && text.trim() !== '') return value
    throw new InvalidArgumentError(`Give a number from ${min} to ${max}.`)
  }
