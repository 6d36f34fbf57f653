/** Models from elsewhere: sent, checked, and registered when they convert exactly. */
import type { Import, ImportRequest } from '../contract.ts'
import { type Http, path } from '../remote/http.ts'
import { sleep } from '../remote/retry.ts'
import type { CallOptions } from '../types.ts'
import type { SendOptions } from '../uploads/send.ts'

/** What is pushed: files below a folder, the first of them the model, and what travels with it. */
export interface Push extends Omit<ImportRequest, 'files'> {
  /** Folder that the paths are relative to. */
  readonly directory: string
  /** Paths with `/`. */
  readonly files: readonly string[]
}

export interface PushOptions extends SendOptions {
  /** Called whenever the import's state changes. */
  readonly onState?: ((state: Import) => void) | undefined
  /** Milliseconds to wait for the check. @default 15 minutes */
  readonly wait?: number | undefined
}

const firstPoll = 50
const slowestPoll = 2000
/** So much of the time that a check took may pass before its end is seen. */
const slower = 1.03

export class Imports {
  readonly #http: Http

  constructor(http: Http) {
    this.#http = http
  }

  /** Sends the files, waits for the check, and gives the import as it ended: `registered`, or `failed` with its report. */
  async push({ directory, files, ...about }: Push, options: PushOptions = {}): Promise<Import> {
    // Reads files, which only Node can: nobody else loads it.
    const { announce, sendFile } = await import('../uploads/send.ts')
    const announced = await Promise.all(
      files.map(async (file) => ({ path: file, ...(await announce(`${directory}/${file}`)) })),
    )
    const total = announced.reduce((sum, { size }) => sum + size, 0)
    let state = await this.create({ ...about, files: announced })
    options.onState?.(state)
    let before = 0
    for (const { path: file, sha256, size } of announced) {
      const upload = state.uploads?.find((each) => each.sha256 === sha256 && each.size === size)
      const start = before
      const onProgress = (done: number) => options.onProgress?.(start + done, total)
      if (upload?.status === 'pending')
        await sendFile(this.#http, upload, `${directory}/${file}`, { ...options, onProgress })
      before += size
    }
    state = await this.complete(state.id)
    options.onState?.(state)
    const end = Date.now() + (options.wait ?? 900_000)
    for (
      let pause = firstPoll;
      state.status === 'checking' && Date.now() < end;
      pause = Math.min(pause * slower, slowestPoll)
    ) {
      await sleep(pause, options.signal)
      options.signal?.throwIfAborted()
      state = await this.get(state.id)
    }
    options.onState?.(state)
    return state
  }

  /** Announces an import; its `uploads` say what has to be sent. */
  create(request: ImportRequest, key: string = crypto.randomUUID(), options?: CallOptions): Promise<Import> {
    const headers = { 'idempotency-key': key }
    const json = JSON.stringify(request)
    return this.#http.json({ method: 'POST', path: '/imports', json, headers, repeatable: 'safe' }, options)
  }

  /** Newest first. */
  async list(options?: CallOptions): Promise<Import[]> {
    return (await this.#http.json<{ imports: Import[] }>({ method: 'GET', path: '/imports' }, options)).imports
  }

  /** Where it stands, with its conversion report, certificate, or the reason why it failed. */
  get(id: string, options?: CallOptions): Promise<Import> {
    return this.#http.json({ method: 'GET', path: path`/imports/${id}` }, options)
  }

  /** All files have arrived: it is checked now. */
  complete(id: string, options?: CallOptions): Promise<Import> {
    return this.#http.json({ method: 'POST', path: path`/imports/${id}/complete`, repeatable: 'safe' }, options)
  }

  /** A version that was registered from it stays. */
  async delete(id: string, options?: CallOptions): Promise<void> {
    await this.#http.send({ method: 'DELETE', path: path`/imports/${id}` }, options)
  }
}
