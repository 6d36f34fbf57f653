/** NotFoundErrors that tell what there is instead. */
import { distance } from 'fastest-levenshtein'
import { NotFoundError } from '../errors.ts'

const MOST_LISTED = 10

/** `a, b, c and 7 more`, nearest to `wanted` first. */
const listed = (wanted: string, names: readonly string[]): string => {
  const nearest = names.toSorted((a, b) => distance(wanted, a) - distance(wanted, b))
  const rest = nearest.length - MOST_LISTED
  return `${nearest.slice(0, MOST_LISTED).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
}

const suggestion = (wanted: string, names: readonly string[]): string => {
  const near = names.filter((name) => distance(wanted, name) <= Math.max(1, Math.floor(wanted.length / 3)))
  const [best] = near.toSorted((a, b) => distance(wanted, a) - distance(wanted, b))
  return best === undefined ? '' : `; did you mean "${best}"?`
}

export const noModel = (name: string, models: readonly string[]): NotFoundError =>
  new NotFoundError(
    models.length === 0
      ? `there is no model "${name}": no model is registered yet`
      : `there is no model "${name}"; there are: ${listed(name, models)}${suggestion(name, models)}`,
    { param: 'model' },
  )

export const noVersion = (name: string, version: number, versions: readonly number[]): NotFoundError => {
  const newest = versions.toSorted((a, b) => b - a)
  const rest = newest.length - MOST_LISTED
  const there = `${newest.slice(0, MOST_LISTED).join(', ')}${rest > 0 ? ` and ${rest} older` : ''}`
  return new NotFoundError(`model "${name}" has no version ${version}; it has: ${there}`, { param: 'version' })
}

export const noAlias = (name: string, alias: string, aliases: readonly string[]): NotFoundError =>
  new NotFoundError(
    aliases.length === 0
      ? `model "${name}" has no alias "${alias}"; it has none yet`
      : `model "${name}" has no alias "${alias}"; it has: ${listed(alias, aliases)}${suggestion(alias, aliases)}`,
    { param: 'alias' },
  )

export const noFile = (model: string, path: string, paths: readonly string[]): NotFoundError =>
  new NotFoundError(`${model} has no file "${path}"; it has: ${listed(path, paths)}${suggestion(path, paths)}`, {
    param: 'path',
  })
