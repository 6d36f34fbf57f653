/** Stands for `send.ts` in browsers, which have no files to read by name. */
import { UnsupportedError } from '../errors.ts'

const refuse = (file: string): never => {
  throw new UnsupportedError(`${file}: files are sent by name from Node alone; run npx maas upload or npx maas push`, {
    status: 422,
    param: 'file',
  })
}

export const announce = async (file: string): Promise<{ readonly size: number; readonly sha256: string }> =>
  refuse(file)

export const sendFile = async (_http: unknown, _upload: unknown, file: string): Promise<void> => refuse(file)
