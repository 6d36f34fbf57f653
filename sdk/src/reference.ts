/** What people type: a file, or a model by name with at most one of version and alias. */
import { BadRequestError, UnsupportedError } from './errors.ts'

export interface Reference {
  readonly name: string
  readonly version?: number
  readonly alias?: string
}

const extensions = ['.h5', '.hdf5', '.keras', '.json'] as const

/** A path if it contains a separator or ends in a known extension, else a name; whether the file exists plays no part. */
export const isFile = (text: string): boolean =>
  /[/\\]/.test(text) || extensions.some((extension) => text.toLowerCase().endsWith(extension))

/** `name`, `name@alias` or `name:version`; `name@latest` is the highest version, as `name` is. */
export const parseReference = (text: string): Reference => {
  const match = /^([a-z0-9][a-z0-9-]{0,62})(?:@([a-z0-9_]{1,63})|:([1-9]\d{0,8}))?$/.exec(text)
  if (!match?.[1]) {
    throw new BadRequestError(
      `${JSON.stringify(text)} is neither a file nor a model: a file ends in ${extensions.join(', ')} or contains a slash; a model is name, name@alias or name:version, the name 1-63 of a-z, 0-9 and -`,
      { param: 'model', status: 400 },
    )
  }
  const [, name, alias, version] = match
  if (version !== undefined) return { name, version: Number(version) }
  if (alias === undefined || alias === 'latest') return { name }
  if (/^\d+$/.test(alias)) {
    throw new BadRequestError(`alias ${alias} reads as a version; write ${name}:${alias}`, {
      param: 'model',
      status: 400,
    })
  }
  return { name, alias }
}

export const formatReference = ({ name, version, alias }: Reference): string =>
  version !== undefined ? `${name}:${version}` : alias !== undefined ? `${name}@${alias}` : name

/** Formats a file is saved in, told by its extension. */
export const saveFormat = (path: string): 'h5' | 'keras' | 'tfjs' => {
  if (/\.(h5|hdf5)$/i.test(path)) return 'h5'
  if (/\.keras$/i.test(path)) return 'keras'
  if (/\.json$/i.test(path)) return 'tfjs'
  throw new UnsupportedError(
    `${path}: a model is saved as .h5 or .keras (Keras) or .json (TF.js, with its weights beside it); for a folder, .zip or .tar.gz say { format: 'tfjs' } or { format: 'savedmodel' }`,
    { param: 'path', status: 422 },
  )
}
