/** Where the registry keeps things in the object store: the one place that spells its keys. */
import { aliasSchema, modelNameSchema, versionSchema } from '../contract/index.ts'

export const modelsPrefix = 'models/'
export const blobsPrefix = 'blobs/sha256/'
/** Leases of running blob collections. */
export const collectingPrefix = 'gc/'

export const blobKey = (sha256: string): string => `${blobsPrefix}${sha256}`
export const versionsPrefix = (name: string): string => `models/${name}/versions/`
export const versionPrefix = (name: string, version: number): string => `${versionsPrefix(name)}${version}/`
/** A version's manifest. An empty one stays when the version is deleted, so that its number is never taken again. */
export const manifestKey = (name: string, version: number): string => `${versionPrefix(name, version)}manifest.json`
/** Leases of running deletions of a version. */
export const deletingPrefix = (name: string, version: number): string => `${versionPrefix(name, version)}deleting/`
/** Rebuildable files of a version, outside its manifest. */
export const derivedPrefix = (name: string, version: number): string => `models/${name}/derived/${version}/`
export const derivedKey = (name: string, version: number, path: string): string =>
  `${derivedPrefix(name, version)}${path}`
export const aliasesPrefix = (name: string): string => `models/${name}/aliases/`
export const aliasKey = (name: string, alias: string): string => `${aliasesPrefix(name)}${alias}.json`

/** The model of `models/{name}/`; undefined for what is not ours. */
export const modelOf = (prefix: string): string | undefined =>
  modelNameSchema.safeParse(/^models\/([^/]+)\/$/.exec(prefix)?.[1]).data

/** The version of `…/versions/{n}/…`. */
export const versionOf = (key: string): number | undefined =>
  versionSchema.safeParse(Number(/\/versions\/(\d{1,9})\//.exec(key)?.[1])).data

/** The alias of `…/aliases/{alias}.json`. */
export const aliasOf = (key: string): string | undefined =>
  aliasSchema.safeParse(/\/aliases\/([^/]+)\.json$/.exec(key)?.[1]).data
