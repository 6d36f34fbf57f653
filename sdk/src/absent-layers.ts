/** Stands for `layers.ts` in the packed client, which runs no models itself. */
import { UnsupportedError } from './errors.ts'

export type CustomLayer = never

export const registerLayer = (name: string, _layer: CustomLayer): never => {
  throw new UnsupportedError(
    `registerLayer('${name}'): this package is the client alone, and services run no code of their callers; a model with such a layer runs in a process that has maas's sources`,
    { status: 422, param: 'name' },
  )
}
