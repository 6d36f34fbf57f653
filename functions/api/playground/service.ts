/** The service this page came from: requests with the key, failures as errors with the service's own words. */

const stored = 'maas-api-key'

/** Kept for this tab only. */
export const apiKey = {
  get: (): string => sessionStorage.getItem(stored) ?? '',
  set: (key: string): void => (key === '' ? sessionStorage.removeItem(stored) : sessionStorage.setItem(stored, key)),
}

/** Relative, because a deployed service lies below its stage's name. */
export const base = (): string => new URL('.', document.baseURI).href.replace(/\/$/, '')

export class ServiceError extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

export interface Ask {
  readonly method?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: BodyInit
  readonly signal?: AbortSignal
}

const wordsOf = async (response: Response): Promise<string> => {
  const text = await response.text()
  try {
    const { error, message } = JSON.parse(text)
    return typeof error === 'string' ? error : (error?.message ?? message ?? text)
  } catch {
    return text || `The service answered ${response.status}.`
  }
}

/** Any answer of status 2xx; ServiceError for all others. */
export const ask = async (path: string, { headers = {}, ...options }: Ask = {}): Promise<Response> => {
  const key = apiKey.get()
  const response = await fetch(`${base()}${path}`, {
    ...options,
    headers: { ...headers, ...(key !== '' && { 'x-api-key': key }) },
  })
  if (response.ok) return response
  const hint = response.status === 403 ? ' Give a key that may with the button “API key” above.' : ''
  throw new ServiceError(response.status, `${await wordsOf(response)}${hint}`)
}

export const getJson = async <T>(path: string, signal?: AbortSignal): Promise<T> =>
  (await ask(path, signal === undefined ? {} : { signal })).json() as Promise<T>

export const sendJson = async <T>(
  method: string,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<T> => {
  const response = await ask(path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return (response.status === 204 ? undefined : await response.json()) as T
}

/** Path parts that came from a user. */
export const part = encodeURIComponent
