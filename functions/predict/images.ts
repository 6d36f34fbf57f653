/** Image bodies: one file as the whole body, or several as the parts of a form. */
import { InvalidInputError } from '@maas/core/errors'
import type { Call } from '@maas/core/http'
import type { PredictInput, UploadedImages } from '@maas/core/predict'
import { imageParts } from './multipart.ts'

/** Images that were sent before, for the caller of a request. */
export type ReadUpload = (id: unknown, at: string) => Promise<Uint8Array>

/** For whoever asks; InvalidInputError where nothing is kept. */
export const uploadReader = (call: Call, uploads: UploadedImages | undefined): ReadUpload =>
  uploads?.reader(call.caller?.id) ??
  (async (_, at) => {
    throw new InvalidInputError(`${at}: this service keeps no uploads; send the image itself.`, { param: at })
  })

/** `type` is the body's, and not JSON. */
export const imagesOf = async (call: Call, type: string, most: number, read: ReadUpload): Promise<PredictInput> => {
  const body = await call.bytes()
  if (type !== 'multipart/form-data') return { kind: 'images', images: [body] }
  return { kind: 'images', images: await imageParts(body, call.headers.get('content-type') ?? '', most, read) }
}
