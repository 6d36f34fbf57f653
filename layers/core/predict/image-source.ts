/** An image inside JSON: base64 text, or a data URL. Text that points elsewhere is never followed. */
import { shown } from '@maas/core/contract'
import { InvalidInputError } from '@maas/core/errors'

const base64 = /^[A-Za-z0-9+/_-]+={0,2}\s*$/

/** The bytes of the file; InvalidInputError names the place when it is neither. */
export const encodedImage = (value: unknown, param: string): Uint8Array => {
  const refuse = (words: string): never => {
    throw new InvalidInputError(`${param}: got ${shown(value)}; ${words}.`, { param })
  }
  if (typeof value !== 'string') return refuse('an image in JSON is base64 text or a data URL')
  const url = /^data:([^,;]*)(;[^,]*)?,/.exec(value.slice(0, 200))
  if (url !== null) {
    if (!url[1]?.startsWith('image/') || !url[2]?.endsWith(';base64')) {
      return refuse('a data URL here is data:image/…;base64,…')
    }
  } else if (/^[a-z][a-z0-9+.-]*:/i.test(value)) {
    return refuse(
      'addresses of other places are not fetched: send the file itself, or once to POST /images and name it {"upload": id}',
    )
  }
  const text = url === null ? value : value.slice(url[0].length)
  if (!base64.test(text)) return refuse('it must be the base64 text of an image file')
  return Buffer.from(text, 'base64')
}
