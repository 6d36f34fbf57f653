/** The catalog of a running service, asked through its control plane. */
import {
  aliasListSchema,
  aliasRecordSchema,
  errorBodySchema,
  fillPath,
  type ModelReference,
  manifestSchema,
  modelListSchema,
  modelSummarySchema,
  type Operation,
  routes,
  versionListSchema,
} from '@maas/core/contract'
import { MaasError, NotFoundError } from '@maas/core/errors'
import type { z } from 'zod'
import type { Catalog } from './target.ts'

type Call = (operation: Operation, path: Readonly<Record<string, string | number>>, body?: unknown) => Promise<unknown>

const createCall =
  (url: string, apiKey: string | undefined): Call =>
  async (operation, values, body) => {
    const route = routes.find((candidate) => candidate.operation === operation)
    if (!route) throw new Error(`no route ${operation}`)
    const target = url.replace(/\/+$/, '') + fillPath(route.path, values)
    const headers = {
      'content-type': 'application/json',
      ...(apiKey === undefined ? {} : { 'x-api-key': apiKey }),
    }
    const init = { method: route.method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
    const response = await fetch(target, { ...init, signal: AbortSignal.timeout(30_000) }).catch((cause: Error) => {
      throw new MaasError(
        'not_ready',
        `No answer from ${url}: ${cause.message}. Is the service running? npx maas serve`,
      )
    })
    const text = await response.text()
    if (response.ok) return text === '' ? undefined : JSON.parse(text)
    const error = errorBodySchema.safeParse(text.startsWith('{') ? JSON.parse(text) : undefined)
    if (!error.success) throw new MaasError('internal', `${url} answered ${response.status}: ${text.slice(0, 200)}`)
    throw new MaasError(response.status === 404 ? 'not_found' : 'invalid_input', error.data.error.message)
  }

export const openRemoteCatalog = (url: string, apiKey?: string): Catalog => {
  const call = createCall(url, apiKey)
  const read = async <T>(schema: z.ZodType<T>, ...[operation, values, body]: Parameters<Call>): Promise<T> =>
    schema.parse(await call(operation, values, body))
  const catalog: Catalog = {
    models: async () => (await read(modelListSchema, 'listModels', {})).models,
    model: (model) => read(modelSummarySchema, 'getModel', { model }),
    versions: async (model) => (await read(versionListSchema, 'listVersions', { model })).versions,
    manifest: (model, version) => read(manifestSchema, 'getVersion', { model, version }),
    aliases: async (model) => (await read(aliasListSchema, 'listAliases', { model })).aliases,
    resolve: async ({ name, version, alias }: ModelReference) => {
      if (version !== undefined) return version
      const { versions, aliases } = await catalog.model(name)
      const found = alias === undefined ? Math.max(...versions) : aliases[alias]?.[0]?.version
      if (found === undefined) throw new NotFoundError(`${name} has no alias "${alias}"`)
      return found
    },
    setAlias: (model, alias, targets, { why }) =>
      read(aliasRecordSchema, 'moveAlias', { model, alias }, { targets, reason: why }),
    deleteAlias: async (model, alias) => void (await call('deleteAlias', { model, alias })),
    deleteVersion: async (model, version) => void (await call('deleteVersion', { model, version })),
  }
  return catalog
}
