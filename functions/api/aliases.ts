/** Aliases: read, moved by compare-and-swap, deleted. */
import { type AliasRecord, type ApiOperation, aliasMoveSchema } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'
import type { Handler, HeaderReader, Reply } from '@maas/core/http'
import type { Registry } from '@maas/core/registry'
import type { ImportServices } from './imports.ts'

type AliasOperation = Extract<ApiOperation, `${string}Alias` | 'listAliases'>

export const aliasHandlers = (
  registry: Registry,
  ensureReplayed: NonNullable<ImportServices['ensureReplayed']> = async () => {},
): Record<AliasOperation, Handler> => ({
  listAliases: async ({ params: { model = '' } }) => ({ json: { aliases: await registry.aliases(model) } }),
  getAlias: async ({ params: { model = '', alias = '' } }) => reply(await registry.alias(model, alias)),
  moveAlias: async ({ params: { model = '', alias = '' }, headers, json, caller }) => {
    const { version, targets, reason, shadow } = await json(aliasMoveSchema)
    const generation = expected(headers)
    const wanted = targets ?? [{ version: version ?? 0, weight: 100 }]
    await ensureReplayed(
      model,
      wanted.map((target) => target.version),
    )
    const record = await registry.setAlias(model, alias, wanted, {
      by: caller?.name ?? 'api',
      why: reason,
      ...(generation !== undefined && { generation }),
      ...(shadow !== undefined && { shadow }),
    })
    return reply(record)
  },
  deleteAlias: async ({ params: { model = '', alias = '' } }) => {
    await registry.deleteAlias(model, alias)
    return { status: 204 }
  },
})

const reply = (record: AliasRecord): Reply => ({ json: record, headers: { etag: `"${record.generation}"` } })

/** `If-Match: "3"`: only when the alias is still at generation 3. `If-None-Match: *`: only when there is no alias yet. */
const expected = (headers: HeaderReader): number | undefined => {
  if (headers.get('if-none-match') === '*') return 0
  const given = headers.get('if-match')
  if (given === null || given === '*') return undefined
  const generation = /^"?(\d{1,9})"?$/.exec(given.trim())?.[1]
  if (generation === undefined) {
    throw new InvalidInputError(
      `if-match: got ${JSON.stringify(given.slice(0, 40))}; it takes an alias's generation, such as "3".`,
    )
  }
  return Number(generation)
}
