/** Uploads and imports over HTTP, and the conversion report and certificate of what was imported. */
import {
  type Certificate,
  checked,
  conversionSchema,
  goldenSchema,
  type ImportOperation,
  importRequestSchema,
  type Manifest,
  type PathParameters,
  partsRequestSchema,
  type Replay,
  uploadRequestSchema,
  versionFiles,
} from '@maas/core/contract'
import { InvalidInputError, NotFoundError } from '@maas/core/errors'
import type { Handler, HeaderReader } from '@maas/core/http'
import type { Imports, Uploads } from '@maas/core/imports'
import type { Registry } from '@maas/core/registry'
import { conversionPage } from './conversion-page.ts'
import { pageHeaders } from './models.ts'

export interface ImportServices {
  readonly uploads: Uploads
  readonly imports: Imports
  /** An import was announced: its files are on their way. */
  readonly announced?: () => void
  /** An import is ready to be checked; on AWS an event of the bucket says so already. */
  readonly ready?: (id: string) => void | Promise<void>
  /** The new replay, or undefined when it will come later. */
  readonly verify: (name: string, version: number) => Promise<Replay | undefined>
  /** Before an alias means them: what was never replayed on the kernels in force is replayed, or the caller told to come again. @default they may be meant as they are */
  readonly ensureReplayed?: (name: string, versions: readonly number[]) => Promise<void>
}

export const importHandlers = (
  registry: Registry,
  { uploads, imports, announced, ready, verify }: ImportServices,
): Record<ImportOperation, Handler> => {
  const json = async (manifest: Manifest, path: string): Promise<unknown> =>
    JSON.parse(Buffer.from(await registry.file(manifest, path)).toString())
  const has = (manifest: Manifest, path: string): boolean => manifest.files.some((file) => file.path === path)

  const certificateOf = async (manifest: Manifest): Promise<Certificate> => ({
    ...(has(manifest, versionFiles.golden) && {
      golden: checked(goldenSchema, await json(manifest, versionFiles.golden), 'golden'),
    }),
    replays: [...(await registry.replays(manifest))],
  })
  const conversionOf = async ({ model = '', version = 0 }: PathParameters) => {
    const manifest = await registry.manifest(model, version)
    if (!has(manifest, versionFiles.conversion)) {
      throw new NotFoundError(`${model}:${version} has no conversion report: it was not imported.`, {
        param: 'version',
      })
    }
    const conversion = checked(conversionSchema, await json(manifest, versionFiles.conversion), 'conversion')
    return { manifest, conversion }
  }

  return {
    createUpload: async (call) => ({ status: 201, json: await uploads.create(await call.json(uploadRequestSchema)) }),
    getUpload: async ({ params: { upload = '' } }) => ({ json: await uploads.get(upload) }),
    signParts: async ({ params: { upload = '' }, json: body }) => {
      const { parts } = await body(partsRequestSchema)
      return { json: { parts: await uploads.sign(upload, parts) } }
    },
    completeUpload: async ({ params: { upload = '' } }) => ({ json: await uploads.complete(upload) }),
    deleteUpload: async ({ params: { upload = '' } }) => {
      await uploads.remove(upload)
      return { status: 204 }
    },

    createImport: async ({ json: body, headers }) => {
      const key = idempotencyKey(headers)
      const created = await imports.create(await body(importRequestSchema), key)
      announced?.()
      return { status: 201, json: created }
    },
    listImports: async () => ({ json: { imports: await imports.list() } }),
    getImport: async ({ params: { import: id = '' } }) => ({ json: await imports.get(id) }),
    completeImport: async ({ params: { import: id = '' } }) => {
      const completed = await imports.complete(id)
      if (completed.status === 'checking') await ready?.(id)
      return { json: completed }
    },
    deleteImport: async ({ params: { import: id = '' } }) => {
      await imports.remove(id)
      return { status: 204 }
    },

    getConversion: async ({ params }) => ({ json: (await conversionOf(params)).conversion }),
    getConversionReport: async ({ params }) => {
      const { manifest, conversion } = await conversionOf(params)
      const page = conversionPage(manifest, conversion, await certificateOf(manifest))
      return { body: Buffer.from(page), headers: pageHeaders }
    },
    getCertificate: async ({ params: { model = '', version = 0 } }) => ({
      json: await certificateOf(await registry.manifest(model, version)),
    }),
    verifyVersion: async ({ params: { model = '', version = 0 } }) => {
      const replay = await verify(model, version)
      const certificate = await certificateOf(await registry.manifest(model, version))
      return { status: replay === undefined ? 202 : 200, json: certificate }
    },
  }
}

/** Any short printable text; the same text is the same request. */
const idempotencyKey = (headers: HeaderReader): string | undefined => {
  const key = headers.get('idempotency-key')
  if (key === null) return undefined
  if (/^[\x21-\x7e]{1,200}$/.test(key)) return key
  throw new InvalidInputError('idempotency-key: it takes 1-200 printable characters without spaces, e.g. a UUID.', {
    param: 'idempotency-key',
  })
}
