/** Fetches the original CIFAR-10 (binary version), resuming where an earlier attempt stopped, and checks it before it gets its name. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { type FileHandle, mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { InvalidInputError, MaasError, messageOf, StorageError } from '../errors.ts'
import { checkCanceled, type OnProgress } from './pace.ts'

/** The data's published home, and the MD5 that is published there: it shows damage, and is no proof against a forger. */
export const cifar10Home = {
  url: 'https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz',
  md5: 'c32a1d4ab5d03f1284b67883e8d87530',
} as const

export interface DownloadOptions {
  /** Path of the finished archive. */
  readonly destination: string
  /** @default cifar10Home.url */
  readonly url?: string | undefined
  /** Checked instead of the published MD5. */
  readonly sha256?: string | undefined
  /** @default the global one */
  readonly fetch?: typeof globalThis.fetch | undefined
  /** Bytes. */
  readonly onProgress?: OnProgress | undefined
  readonly signal?: AbortSignal | undefined
}

/**
 * Leaves `destination.partial` behind when it is cut off, and goes on from there next time.
 *
 * @returns whether anything was downloaded; an archive that is there already and whole is kept
 * @throws StorageError when the network or the disk fails; InvalidInputError when the checksum does not fit
 */
export async function downloadCifar10(options: DownloadOptions): Promise<{ readonly downloaded: boolean }> {
  const { destination, onProgress, signal } = options
  const url = options.url ?? cifar10Home.url
  const check =
    options.sha256 === undefined ? (['md5', cifar10Home.md5] as const) : (['sha256', options.sha256] as const)
  if ((await hashOf(destination, check[0])) === check[1]) return { downloaded: false }
  const partial = `${destination}.partial`
  try {
    await mkdir(dirname(destination), { recursive: true })
    await fetchRest(url, partial, options.fetch ?? globalThis.fetch, onProgress, signal)
  } catch (cause) {
    checkCanceled(signal)
    if (cause instanceof MaasError) throw cause
    const reason = cause instanceof Error && cause.cause !== undefined ? messageOf(cause.cause) : messageOf(cause)
    throw new StorageError(
      `${url} could not be downloaded to ${destination}: ${reason}. Run the same command again to go on from there, or download it by other means and give its path.`,
      { cause },
    )
  }
  const got = await hashOf(partial, check[0])
  if (got !== check[1]) {
    await rm(partial, { force: true })
    throw new InvalidInputError(
      `${url} gave a file whose ${check[0]} is ${got}, not ${check[1]} as published. It is damaged or not the original; it was removed. Try again.`,
    )
  }
  await rename(partial, destination)
  return { downloaded: true }
}

async function fetchRest(
  url: string,
  partial: string,
  fetch: typeof globalThis.fetch,
  onProgress: OnProgress | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const have = await sizeOf(partial)
  const response = await fetch(url, {
    ...(have > 0 ? { headers: { range: `bytes=${have}-` } } : {}),
    ...(signal === undefined ? {} : { signal }),
  })
  // 416: nothing is left to fetch, or what is here is no part of it; the checksum tells.
  if (response.status === 416 && have > 0) return
  if (!response.ok || response.body === null)
    throw new Error(`the server answered ${response.status} ${response.statusText}`)
  const resumed = response.status === 206
  const start = resumed ? have : 0
  const length = Number(response.headers.get('content-length'))
  const total = length > 0 ? start + length : undefined
  const file = await open(partial, resumed ? 'a' : 'w')
  try {
    const done = await writeAll(response.body, file, start, (bytes) => onProgress?.(bytes, total))
    if (total !== undefined && done !== total) throw new Error(`the connection ended after ${done} of ${total} bytes`)
    await file.sync()
  } finally {
    await file.close()
  }
}

async function writeAll(
  body: ReadableStream<Uint8Array>,
  file: FileHandle,
  start: number,
  tell: (bytes: number) => void,
): Promise<number> {
  let done = start
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    await file.writeFile(chunk)
    done += chunk.length
    tell(done)
  }
  return done
}

async function hashOf(path: string, algorithm: string): Promise<string | undefined> {
  if ((await sizeOf(path)) === 0) return undefined
  const hash = createHash(algorithm)
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  )
