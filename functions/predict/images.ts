/** Image bodies: one file as the whole body, or several as the parts of a form. */
import type { Call } from '@maas/core/http'
import type { PredictInput } from '@maas/core/predict'
import { imageParts } from './multipart.ts'

/** `type` is the body's, and not JSON. */
export const imagesOf = async (call: Call, type: string, most: number): Promise<PredictInput> => {
  const body = await call.bytes()
  if (type !== 'multipart/form-data') return { kind: 'images', images: [body] }
  return { kind: 'images', images: await imageParts(body, call.headers.get('content-type') ?? '', most) }
}
