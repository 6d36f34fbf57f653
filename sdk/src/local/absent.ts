/** Stands for `model.ts` in the packed client, which has neither core nor kernels: says what is missing and what to do instead. */
import { UnsupportedError } from '../errors.ts'
import { formatReference, type Reference } from '../reference.ts'
import type { LocalOptions, Model } from '../types.ts'

const refuse = (message: string): never => {
  throw new UnsupportedError(message, { status: 422, param: 'model' })
}

export const openFile = async (path: string, _options?: LocalOptions): Promise<Model> =>
  refuse(
    `${path}: a file runs in the process that has maas's sources and kernels (a clone of the repository after npm ci); this package is the client alone. There, npx maas push registers the file and npx maas serve answers for it; here, give its name and { url }`,
  )

export const openRegistered = async (reference: Reference, _options?: LocalOptions): Promise<Model> =>
  refuse(
    `${formatReference(reference)}: no service is named, and this package is the client alone; give { url } or set MAAS_URL. A registry on this machine is opened where maas's sources are (a clone of the repository after npm ci)`,
  )
