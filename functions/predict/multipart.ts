/** Images as the parts of a form, as `curl -F image=@photo.jpg` and browsers send them. */
import { InvalidInputError, TooLargeError } from '@maas/core/errors'

/** The files of the form, and uploads that its fields `upload` name, in order; InvalidInputError for what is no form, has none, or has something else in it. */
export const imageParts = async (
  body: Uint8Array,
  contentType: string,
  most: number,
  read: (id: unknown, at: string) => Promise<Uint8Array>,
): Promise<Uint8Array[]> => {
  const parts: (readonly [name: string, value: unknown])[] = []
  try {
    const form = await new Response(body as BodyInit, { headers: { 'content-type': contentType } }).formData()
    parts.push(...form)
  } catch (cause) {
    throw new InvalidInputError('The body is not a form: send multipart/form-data with its boundary.', { cause })
  }
  if (parts.length > most) {
    throw new TooLargeError(`The form has ${parts.length} parts; at most ${most} images are taken in one request.`)
  }
  if (parts.length === 0) throw new InvalidInputError('The form is empty; send at least one image as a file.')
  return Promise.all(
    parts.map(async ([name, part], at) => {
      if (name === 'upload' && typeof part === 'string') return read(part, `part ${at}`)
      if (part instanceof Blob) return new Uint8Array(await part.arrayBuffer())
      throw new InvalidInputError(
        `Part ${at} of the form is text; images are sent as files (-F image=@photo.jpg), or named where they were sent before (-F upload=ID).`,
      )
    }),
  )
}
