/** The catalog of a running service, asked through the SDK's own client. */
import { Maas } from '../client.ts'
import type { Catalog } from './target.ts'

export const openRemoteCatalog = (url: string, apiKey?: string): Catalog => {
  const { aliases, models, versions } = new Maas({ url, apiKey })
  return {
    models: () => models.list(),
    versions: (name) => versions.list(name),
    aliases: (name) => aliases.list(name),
    setAlias: (name, alias, targets, { why, generation, shadow }) =>
      aliases.set(name, alias, targets, {
        reason: why,
        ...(generation !== undefined && { generation }),
        ...(shadow !== undefined && { shadow }),
      }),
    deleteAlias: (name, alias) => aliases.delete(name, alias),
    deleteVersion: (name, version) => versions.delete(name, version),
  }
}
