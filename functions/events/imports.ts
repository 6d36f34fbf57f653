/** After check wrote its verdict: what passed becomes a version. */
import { type Outcome, registerImport, verdictOf } from '@maas/core/imports'
import { writeCompiled } from '@maas/core/predict/derived'
import type { Registry } from '@maas/core/registry'
import type { ObjectStore } from '@maas/core/store'
import * as z from 'zod'

/** EventBridge's form of an S3 event. */
export const objectCreatedSchema = z.object({
  'detail-type': z.literal('Object Created'),
  detail: z.object({ object: z.object({ key: z.string() }) }),
})

/** Kept in lineage. */
const code = 'maas 0.1.0'

/** Undefined for an object that is no verdict. The same event again registers nothing twice. */
export const followVerdict = async (
  { detail }: z.infer<typeof objectCreatedSchema>,
  deps: { readonly store: ObjectStore; readonly registry: Registry },
): Promise<(Outcome & { readonly import: string }) | undefined> => {
  const id = verdictOf(detail.object.key)
  if (id === undefined) return undefined
  return { import: id, ...(await registerImport(id, { ...deps, code, writeCompiled })) }
}
