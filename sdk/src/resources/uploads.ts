/** Data sets on their way to a service's store, where training jobs read them. */
import type { Upload } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import type { CallOptions } from '../types.ts'
import type { SendOptions } from '../uploads/send.ts'

export class Uploads {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** Sends `file` to `datasets/NAME`; the same file again goes on where it was interrupted. ConflictError for a name that is taken. */
  async send(file: string, dataset: string, options?: SendOptions): Promise<Upload> {
    // Reads files, which only Node can: nobody else loads it.
    const { announce, sendFile } = await import('../uploads/send.ts')
    const json = JSON.stringify({ dataset, ...(await announce(file)) })
    const upload = await this.#http.json<Upload>({ method: 'POST', path: '/uploads', json, repeatable: 'safe' })
    if (upload.status === 'pending') await sendFile(this.#http, upload, file, options)
    return this.complete(upload.id)
  }

  /** How far an upload has come. */
  get(id: string, options?: CallOptions): Promise<Upload> {
    return this.#http.json({ method: 'GET', path: path`/uploads/${id}` }, options)
  }

  /** Makes the parts one file. */
  complete(id: string, options?: CallOptions): Promise<Upload> {
    return this.#http.json({ method: 'POST', path: path`/uploads/${id}/complete`, repeatable: 'safe' }, options)
  }

  /** Gives up one that is not complete. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: path`/uploads/${id}` }, options)
  }
}
