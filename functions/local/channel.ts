/** What the service and a model's process say to each other, and how it crosses: the one file that knows the wire. */
import type { Duplex } from 'node:stream'
import { deserialize, serialize } from 'node:v8'
import { type ErrorCode, MaasError, messageOf } from '@maas/core/errors'
import type { PredictInput, Prediction, ServedModel } from '@maas/core/predict'

/** From the service. One `load` comes first. */
export type Command =
  | {
      readonly type: 'load'
      readonly root: string
      readonly name: string
      readonly version: number
      /** @default all of the machine */
      readonly threads?: number | undefined
    }
  | { readonly type: 'predict'; readonly input: PredictInput }

/** What each command is answered with. */
export interface Answers {
  readonly load: ServedModel
  readonly predict: Omit<Prediction, 'model'>
}

export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly param?: string | undefined
  readonly retryAfter?: number | undefined
  readonly stack?: string | undefined
}

export type ToWorker = Command & { readonly id: number }
export type FromWorker =
  | { readonly type: 'ready' }
  /** Something a person should read once, such as a fallback. */
  | { readonly type: 'notice'; readonly text: string }
  | { readonly type: 'answer'; readonly id: number; readonly value: Answers[keyof Answers] }
  | { readonly type: 'failure'; readonly id: number; readonly failure: Failure }

/** Both ends of the pipe between a service and a model's process. */
export interface Channel<Sent, Received> {
  /** False when the other side is gone. */
  send(message: Sent): boolean
  listen(listener: (message: Received) => void): void
}

/** The file descriptor that a model's process finds its end at. */
export const channelDescriptor = 3

/**
 * Frames of two lengths, a structured clone and a body. A request's own bytes are the body: written from where they
 * were received and read where they will be decoded, with no copy between, which the IPC channel of Node makes several of.
 */
export const openChannel = <Sent extends object, Received>(stream: Duplex): Channel<Sent, Received> => {
  let corked = false
  const flush = (): void => {
    corked = false
    stream.uncork()
  }
  return {
    send: (message) => {
      if (stream.destroyed || !stream.writable) return false
      const [bare, body] = withoutBody(message)
      const meta = serialize(bare)
      const lengths = Buffer.allocUnsafe(lengthBytes)
      lengths.writeUInt32LE(meta.length, 0)
      lengths.writeUInt32LE(body?.length ?? 0, 4)
      if (!corked) {
        corked = true
        stream.cork()
        // The answers of one batch leave in one write, and wake the other side once.
        process.nextTick(flush)
      }
      stream.write(lengths)
      stream.write(meta)
      if (body !== undefined) stream.write(body)
      return true
    },
    listen: (listener) => {
      const frames = frameReader((meta, body) => listener(withBody(deserialize(meta), body) as Received))
      stream.on('data', frames)
    },
  }
}

const lengthBytes = 8

/** Gathers chunks until a whole frame is there; a frame in several chunks is copied once. */
const frameReader = (onFrame: (meta: Buffer, body: Buffer) => void): ((chunk: Buffer) => void) => {
  let chunks: Buffer[] = []
  let held = 0
  let wanted = lengthBytes
  return (chunk) => {
    chunks.push(chunk)
    held += chunk.length
    while (held >= wanted) {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, held)
      const metaEnd = lengthBytes + all.readUInt32LE(0)
      const end = metaEnd + all.readUInt32LE(4)
      chunks = [all]
      wanted = end
      if (held < end) return
      onFrame(all.subarray(lengthBytes, metaEnd), all.subarray(metaEnd, end))
      chunks = held > end ? [all.subarray(end)] : []
      held -= end
      wanted = lengthBytes
    }
  }
}

type WithInput = { readonly type: 'predict'; readonly input: PredictInput }

const isPredict = (message: object): message is WithInput => 'type' in message && message.type === 'predict'

/** The bytes of a body or of a single image, apart from the rest of the message. */
const withoutBody = (message: object): [object, Uint8Array | undefined] => {
  if (!isPredict(message)) return [message, undefined]
  const { input } = message
  if (input.kind === 'plain') return [{ ...message, input: { ...input, body: nothing } }, input.body]
  const [image] = input.kind === 'images' && input.images.length === 1 ? input.images : []
  return image === undefined ? [message, undefined] : [{ ...message, input: { ...input, images: [] } }, image]
}

const withBody = (message: object, body: Buffer): object => {
  if (body.length === 0 || !isPredict(message)) return message
  const { input } = message
  return { ...message, input: input.kind === 'plain' ? { ...input, body } : { ...input, images: [body] } }
}

const nothing = new Uint8Array()

export const toFailure = (error: unknown): Failure => ({
  code: error instanceof MaasError ? error.code : 'internal',
  message: messageOf(error),
  ...(error instanceof MaasError && { param: error.param, retryAfter: error.retryAfter }),
  ...(error instanceof Error && { stack: error.stack }),
})

export const fromFailure = ({ code, message, param, retryAfter, stack }: Failure): MaasError => {
  const error = new MaasError(code, message, {
    ...(param !== undefined && { param }),
    ...(retryAfter !== undefined && { retryAfter }),
  })
  if (stack !== undefined) error.stack = stack
  return error
}
