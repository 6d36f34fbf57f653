/** One function for every model: a file runs in this process, a name in the registry on this machine or behind a service. */
import { readEnvironment, resolveService } from './environment.ts'
import { isFile, parseReference } from './reference.ts'
import { type ClientOptions, Http } from './remote/http.ts'
import { openRemoteModel } from './remote/model.ts'
import type { LocalOptions, Model } from './types.ts'

export interface LoadOptions extends Partial<ClientOptions>, LocalOptions {}

/**
 * A path if it contains a separator or ends in .h5, .hdf5, .keras or .json, else `name`, `name@alias` or `name:version`;
 * never a fallback from one to the other.
 * A name goes to `url` (or MAAS_URL) when there is one, else to the registry in `root` (or MAAS_ROOT), else to the service of
 * `maas login`, else to the registry in `./.maas`.
 *
 * @example
 * const model = await loadModel('model.h5')
 * const [probabilities] = await model.predict(images)
 */
export const loadModel = async (fileOrName: string, options: LoadOptions = {}): Promise<Model> => {
  if (isFile(fileOrName)) return (await import('./local/model.ts')).openFile(fileOrName, options)
  const reference = parseReference(fileOrName)
  const service = resolveService(options)
  if (service !== undefined) {
    const http = new Http({ ...options, ...service })
    return openRemoteModel(http, reference, { ...(options.signal && { signal: options.signal }) })
  }
  const { openRegistered } = await import('./local/model.ts')
  return openRegistered(reference, { ...options, root: options.root ?? readEnvironment().root })
}
