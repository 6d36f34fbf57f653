/** What the service and a model's process say to each other, and how it crosses: the one file that knows the wire. */
import { Socket, type SocketConstructorOpts } from 'node:net'
import type { Duplex } from 'node:stream'
import { deserialize, serialize } from 'node:v8'
import type { NamedTensors, TensorData } from '@maas/core/contract'
import { type ErrorCode, MaasError, messageOf } from '@maas/core/errors'
import type { PredictInput, Prediction, ServedModel } from '@maas/core/predict'
import { type Bytes, type Frame, frameMemory, frameOf, frameReader } from './frames.ts'

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

/** One end of the pipe between a service and a model's process. */
export interface Channel<Sent> {
  /** False when the other side is gone. */
  send(message: Sent): boolean
}

/** The file descriptor that a model's process finds its end at. */
export const channelDescriptor = 3

/** Messages as frames. Node's own ways, its IPC channel and structured clones, took longer for one prediction than the prediction's way through the kernel. */
export const sendOver = <Sent extends object>(stream: Duplex): Channel<Sent> => {
  let corked = false
  const flush = (): void => {
    corked = false
    stream.uncork()
  }
  return {
    send: (message) => {
      if (stream.destroyed || !stream.writable) return false
      if (!corked) {
        corked = true
        stream.cork()
        // The answers of one batch leave in one write, and wake the other side once.
        process.nextTick(flush)
      }
      const parts: Bytes[] = []
      const bare = overBytes(message, (part) => void parts.push(part))
      for (const chunk of frameOf(bare, parts)) stream.write(chunk)
      return true
    },
  }
}

/** Over a stream of the other side's bytes and ours. */
export const openChannel = <Sent extends object, Received>(
  stream: Duplex,
  listener: (message: Received) => void,
): Channel<Sent> => {
  stream.on(
    'data',
    frameReader((frame) => listener(messageIn(frame) as Received)),
  )
  return sendOver(stream)
}

/**
 * The same, over a descriptor, read without making memory for what arrives: the body of a `plain` input is there until
 * the listener returns, all other bytes stay.
 */
export const openDescriptor = <Sent extends object, Received>(
  fd: number,
  listener: (message: Received) => void,
): { readonly stream: Duplex; readonly channel: Channel<Sent> } => {
  const onread = frameMemory((frame) => listener(messageIn(frame) as Received))
  const stream = new Socket({ fd, onread } as SocketConstructorOpts)
  // Otherwise the end of what arrives is not noticed.
  stream.resume()
  return { stream, channel: sendOver(stream) }
}

/** Typed by what was sent: both sides are this file. */
const messageIn = ({ message, parts, lent }: Frame): unknown => {
  let next = 0
  return overBytes(message, (_, dtype, brief) => {
    const part = parts[next++] as Buffer
    if (dtype !== undefined) return valuesOf(lent ? Buffer.from(part) : part, dtype)
    return lent && brief !== true ? Buffer.from(part) : part
  })
}

type Change = (bytes: Bytes, dtype?: TensorData['dtype'], brief?: boolean) => Bytes | undefined

/** A copy of the message with `change` of all its bytes in their place, in the same order on both sides. Of a tensor, `change` is told the dtype; `brief` are bytes that nobody looks at after the listener has returned. */
const overBytes = (message: object, change: Change): object => {
  if ('input' in message) {
    const input = message.input as PredictInput
    if (input.kind === 'plain') return { ...message, input: { ...input, body: change(input.body, undefined, true) } }
    if (input.kind === 'rows') return { ...message, input: { ...input, rows: overRows(input.rows, change) } }
    const changed =
      input.kind === 'images'
        ? { images: input.images.map((one) => change(one)) }
        : { tensors: overValues(input.tensors, change) }
    return { ...message, input: { ...input, ...changed } }
  }
  if (!('value' in message)) return message
  const value = message.value as Answers[keyof Answers]
  return 'outputs' in value ? { ...message, value: { ...value, outputs: overValues(value.outputs, change) } } : message
}

/** As bytes, because JSON has no -0 and no infinity. */
const overRows = (rows: unknown, change: Change): unknown => {
  const part = change(rows === undefined ? nothing : serialize(rows), undefined, true)
  return part && deserialize(part)
}
const nothing = new Uint8Array()

/** Texts stay. */
const overValues = (tensors: NamedTensors, change: Change): object =>
  Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => {
      if (tensor.dtype === 'string') return [name, tensor]
      return [name, { ...tensor, data: change(tensor.data as Bytes, tensor.dtype) }]
    }),
  )

const valuesOf = (part: Buffer, dtype: TensorData['dtype']): Bytes => {
  // A frame that came in one chunk with others may lie anywhere.
  const { buffer, byteOffset, length } = part.byteOffset % 4 === 0 ? part : new Uint8Array(part)
  if (dtype === 'float32') return new Float32Array(buffer, byteOffset, length / 4)
  return dtype === 'int32' ? new Int32Array(buffer, byteOffset, length / 4) : new Uint8Array(buffer, byteOffset, length)
}

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
