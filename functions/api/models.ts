/** Models and versions: what exists, where it came from, how good it is. */
import { type ApiOperation, type Manifest, type PathParameters, versionFiles } from '@maas/core/contract'
import { NotFoundError } from '@maas/core/errors'
import type { Handler, Reply } from '@maas/core/http'
import type { Registry } from '@maas/core/registry'

type ModelOperation = Extract<
  ApiOperation,
  'listModels' | 'getModel' | `${string}Version` | 'listVersions' | 'getEvaluation' | 'getReport' | 'getHistory'
>

/** Names in a report are text from data sets: even where escaping failed, nothing in it may run or reach out. */
const reportPolicy =
  "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** Of every page that shows text from outside. */
export const pageHeaders = {
  'content-type': 'text/html; charset=utf-8',
  'content-security-policy': reportPolicy,
  'referrer-policy': 'no-referrer',
} as const

export const modelHandlers = (registry: Registry): Record<ModelOperation, Handler> => {
  const file = async ({ model = '', version = 0 }: PathParameters, path: string): Promise<Uint8Array> => {
    const manifest = await registry.manifest(model, version)
    if (!has(manifest, path)) {
      const there = manifest.files.map((other) => other.path).join(', ')
      throw new NotFoundError(
        `${model}:${version} has no ${path}: it was not trained or evaluated here. It has ${there}.`,
      )
    }
    return registry.file(manifest, path)
  }

  return {
    listModels: async () => ({ json: { models: await registry.models() } }),
    getModel: async ({ params: { model = '' } }) => ({ json: await registry.model(model) }),
    listVersions: async ({ params: { model = '' } }) => ({ json: { versions: await registry.versions(model) } }),
    getVersion: async ({ params: { model = '', version = 0 } }) => ({ json: await registry.manifest(model, version) }),
    deleteVersion: async ({ params: { model = '', version = 0 } }) => {
      await registry.deleteVersion(model, version)
      return { status: 204 }
    },
    getEvaluation: async ({ params }) => json(await file(params, versionFiles.evaluation)),
    getHistory: async ({ params }) => json(await file(params, versionFiles.history)),
    getReport: async ({ params }) => ({
      body: await file(params, versionFiles.report),
      headers: pageHeaders,
    }),
  }
}

const json = (body: Uint8Array): Reply => ({ body, headers: { 'content-type': 'application/json' } })

const has = (manifest: Manifest, path: string): boolean => manifest.files.some((file) => file.path === path)
