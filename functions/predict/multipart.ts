/** Images as the parts of a form, as `curl -F image=@photo.jpg` and browsers send them. */
import { InvalidInputError, TooLargeError } from '@maas/core/errors'

/** The files of the form, in order; InvalidInputError for what is no form, has no file, or has something else in it. */
export const imageParts = async (body: Uint8Array, contentType: string, most: number): Promise<Uint8Array[]> => {
  const parts: unknown[] = []
  try {
    const form = await new Response(body as BodyInit, { headers: { 'content-type': contentType } }).formData()
    for (const [, value] of form) parts.push(value)
  } catch (cause) {
    throw new InvalidInputError('The body is not a form: send multipart/form-data with its boundary.', { cause })
  }
  if (parts.length > most) {
    throw new TooLargeError(`The form has ${parts.length} parts; at most ${most} images are taken in one request.`)
  }
  if (parts.length === 0) throw new InvalidInputError('The form is empty; send at least one image as a file.')
  return Promise.all(
    parts.map(async (part, at) => {
      if (part instanceof Blob) return new Uint8Array(await part.arrayBuffer())
      throw new InvalidInputError(`Part ${at} of the form is text; images are sent as files: -F image=@photo.jpg.`)
    }),
  )
}
