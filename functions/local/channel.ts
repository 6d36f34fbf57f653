/** What the service and a model's process say to each other, and how it crosses: the one file that knows the wire. */
import type { Duplex } from 'node:stream'
import type { NamedTensors, TensorData } from '@maas/core/contract'
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
 * Frames of two lengths, a message as JSON, and its bytes: bodies, images and the values of tensors. They are written
 * from where they lie and read where they have arrived. Node's own ways, its IPC channel and structured clones, took
 * longer for one prediction than the prediction's way through the kernel.
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
      if (!corked) {
        corked = true
        stream.cork()
        // The answers of one batch leave in one write, and wake the other side once.
        process.nextTick(flush)
      }
      for (const chunk of frameOf(message)) stream.write(chunk)
      return true
    },
    listen: (listener) => {
      stream.on(
        'data',
        frameReader((frame) => listener(messageIn(frame) as Received)),
      )
    },
  }
}

const lengthBytes = 8
/** Numbers can be read in place where they begin at a multiple of this. */
const alignment = 8
/** Bytes of a message up to which copying them is less than another chunk to write. */
const copied = 4096

const aligned = (length: number): number => Math.ceil(length / alignment) * alignment

/** The JSON's length without the spaces that follow it, and that of all bytes; each part begins at an aligned place. */
const frameOf = (message: object): Uint8Array[] => {
  const parts: Bytes[] = []
  const bare = overBytes(message, (part) => void parts.push(part))
  const json = JSON.stringify({ message: bare, lengths: parts.map((part) => part.byteLength) })
  const jsonLength = Buffer.byteLength(json)
  const begin = aligned(lengthBytes + jsonLength)
  const bytes = parts.reduce((sum, part) => sum + aligned(part.byteLength), 0)
  const together = bytes <= copied
  const head = Buffer.alloc(begin + (together ? bytes : 0))
  head.writeUInt32LE(jsonLength, 0)
  head.writeUInt32LE(bytes, 4)
  head.write(json, lengthBytes)
  if (!together) return [head, ...parts.flatMap((part) => padded(plainBytes(part)))]
  let at = begin
  for (const part of parts) {
    head.set(plainBytes(part), at)
    at += aligned(part.byteLength)
  }
  return [head]
}

const padding = new Uint8Array(alignment)

const padded = (part: Uint8Array): Uint8Array[] =>
  part.length % alignment === 0 ? [part] : [part, padding.subarray(part.length % alignment)]

type Bytes = Float32Array | Int32Array | Uint8Array

const plainBytes = (part: Bytes): Uint8Array => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)

/** Gathers chunks until a whole frame is there; a frame in several chunks is copied once. */
const frameReader = (onFrame: (frame: Buffer) => void): ((chunk: Buffer) => void) => {
  let chunks: Buffer[] = []
  let held = 0
  let wanted = lengthBytes
  return (chunk) => {
    chunks.push(chunk)
    held += chunk.length
    while (held >= wanted) {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, held)
      const end = aligned(lengthBytes + all.readUInt32LE(0)) + all.readUInt32LE(4)
      chunks = [all]
      wanted = end
      if (held < end) return
      onFrame(all.subarray(0, end))
      chunks = held > end ? [all.subarray(end)] : []
      held -= end
      wanted = lengthBytes
    }
  }
}

/** Typed by what was sent: both sides are this file. */
const messageIn = (frame: Buffer): unknown => {
  const jsonEnd = lengthBytes + frame.readUInt32LE(0)
  const { message, lengths } = JSON.parse(frame.toString('utf8', lengthBytes, jsonEnd))
  let at = aligned(jsonEnd)
  const parts = lengths.values()
  return overBytes(message, (_, dtype) => {
    const part = frame.subarray(at, at + parts.next().value)
    at += aligned(part.length)
    return dtype === undefined ? part : valuesOf(part, dtype)
  })
}

type Change = (bytes: Bytes, dtype?: TensorData['dtype']) => Bytes | undefined

/** A copy of the message with `change` of all its bytes in their place, in the same order on both sides. Of a tensor, `change` is told the dtype. */
const overBytes = (message: object, change: Change): object => {
  if ('input' in message) {
    const input = message.input as PredictInput
    if (input.kind === 'plain') return { ...message, input: { ...input, body: change(input.body) } }
    if (input.kind === 'rows') return message
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
