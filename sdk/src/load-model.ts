/** `loadModel`: one call for a file, a registry on this machine, and a running service. */
import { type ConnectionOptions, createSend } from './http.ts'
import type { Model } from './model.ts'
import { isFile, parseReference } from './reference.ts'
import { createRemoteModel } from './remote-model.ts'

export interface LoadOptions extends Partial<ConnectionOptions> {
  /** Folder of a local registry, for names without `url`. @default MAAS_ROOT, else ./.maas */
  readonly root?: string | undefined
}

const environment = (name: string): string | undefined =>
  typeof process === 'undefined' ? undefined : process.env[name] || undefined

/**
 * Loads a model to predict with.
 *
 * A text with a path separator or an ending such as `.h5` is a file and runs in this process. Everything else is a name:
 * behind the service at `url` (or `MAAS_URL`) when there is one, else in this process from the registry in `root`.
 *
 * @example
 * const model = await loadModel('cifar10@production', { url: 'http://127.0.0.1:8501' })
 * const [labels] = await model.classify(['photo.jpg'])
 */
export const loadModel = async (fileOrName: string, options: LoadOptions = {}): Promise<Model> => {
  if (isFile(fileOrName)) return (await import('./local-model.ts')).loadFile(fileOrName)
  const reference = parseReference(fileOrName)
  const url = options.url ?? (options.root === undefined ? environment('MAAS_URL') : undefined)
  if (url === undefined) {
    const root = options.root ?? environment('MAAS_ROOT') ?? './.maas'
    return (await import('./local-model.ts')).loadRegistered(reference, root)
  }
  const apiKey = options.apiKey ?? environment('MAAS_API_KEY')
  return createRemoteModel(reference, createSend({ ...options, url, apiKey }))
}
