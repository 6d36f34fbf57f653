/** Gives a command the service of `maas login` where its user named neither a service nor a folder. */
import type { Command } from 'commander'
import { readProfile } from '../profile.ts'
import type { Output } from './output.ts'

const isGiven = (command: Command, name: string): boolean =>
  !['default', undefined].includes(command.getOptionValueSource(name))

export const applyProfile = (command: Command, output: Output): void => {
  const takesUrl = command.options.some((option) => option.attributeName() === 'url')
  // Where a service is only one of two places to work at, it has to be asked for.
  const isLocal = command.options.some(({ long }) => long === '--remote') && !isGiven(command, 'remote')
  if (!takesUrl || isLocal || isGiven(command, 'url') || isGiven(command, 'root')) return
  const profile = readProfile()
  if (profile === undefined) return
  command.setOptionValueWithSource('url', profile.url, 'config')
  // Never to another service than it was made for, so only together.
  if (!isGiven(command, 'apiKey')) command.setOptionValueWithSource('apiKey', profile.apiKey, 'config')
  output.note(`Using ${profile.url} (maas login --stack ${profile.stack}); --root, --url or maas logout say otherwise.`)
}
