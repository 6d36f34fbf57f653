/** `name`, `name@alias` and `name:version`, and how to tell them from the path of a file. */
import { BadRequestError } from './errors.ts'

export interface Reference {
  readonly name: string
  readonly version?: number
  readonly alias?: string
}

const fileEndings = /\.(h5|hdf5|keras|json)$/i

/** A path if it contains a separator or ends like a model file; everything else is a name, never one instead of the other. */
export const isFile = (text: string): boolean => /[/\\]/.test(text) || fileEndings.test(text)

export const parseReference = (text: string): Reference => {
  const match = /^([a-z0-9][a-z0-9-]{0,62})(?:@([a-z0-9_]{1,63})|:([1-9]\d{0,8}))?$/.exec(text)
  if (!match) {
    throw new BadRequestError(
      `"${text}" is neither a file nor a model; write name, name@alias or name:version, e.g. cifar10@production`,
    )
  }
  const [, name = '', alias, version] = match
  return {
    name,
    ...(alias !== undefined && alias !== 'latest' && { alias }),
    ...(version !== undefined && { version: Number(version) }),
  }
}

/** The part of TensorFlow Serving's URLs that names a model. */
export const referencePath = ({ alias, name, version }: Reference): string =>
  alias !== undefined ? `${name}/labels/${alias}` : version !== undefined ? `${name}/versions/${version}` : name
