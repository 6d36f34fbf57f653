/** How a message and its bytes cross a stream: two lengths, the message as JSON, and the bytes, from where they lie to where they are read. */

export type Bytes = Float32Array | Int32Array | Uint8Array

/** One that has arrived. */
export interface Frame {
  readonly message: object
  /** In the order they were sent. */
  readonly parts: readonly Buffer[]
  /** Whether the bytes are overwritten once the listener has returned. */
  readonly lent: boolean
}

const lengthBytes = 8
/** Numbers can be read in place where they begin at a multiple of this. */
const alignment = 8
/** Bytes of a message up to which copying them is less than another chunk to write. */
const copied = 4096

const aligned = (length: number): number => Math.ceil(length / alignment) * alignment

/** The JSON's length without the spaces that follow it, and that of all bytes; each part begins at an aligned place. */
export const frameOf = (message: object, parts: readonly Bytes[]): Uint8Array[] => {
  const json = JSON.stringify({ message, lengths: parts.map((part) => part.byteLength) })
  const jsonLength = Buffer.byteLength(json)
  const begin = aligned(lengthBytes + jsonLength)
  let bytes = 0
  for (const part of parts) bytes += aligned(part.byteLength)
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

const plainBytes = (part: Bytes): Uint8Array => new Uint8Array(part.buffer, part.byteOffset, part.byteLength)

/** Bytes of the frame that begins here, as far as `held` tell; those of its lengths at least. */
const wantedOf = (bytes: Buffer, held: number): number =>
  held < lengthBytes ? lengthBytes : aligned(lengthBytes + bytes.readUInt32LE(0)) + bytes.readUInt32LE(4)

const frameIn = (bytes: Buffer, lent: boolean): Frame => {
  const jsonEnd = lengthBytes + bytes.readUInt32LE(0)
  const { message, lengths } = JSON.parse(bytes.toString('utf8', lengthBytes, jsonEnd))
  let at = aligned(jsonEnd)
  const parts = lengths.map((length: number) => {
    const part = bytes.subarray(at, at + length)
    at += aligned(length)
    return part
  })
  return { message, parts, lent }
}

/** Gathers chunks until a whole frame is there; a frame in several chunks is copied once. */
export const frameReader = (onFrame: (frame: Frame) => void): ((chunk: Buffer) => void) => {
  let chunks: Buffer[] = []
  let held = 0
  let wanted = lengthBytes
  return (chunk) => {
    chunks.push(chunk)
    held += chunk.length
    while (held >= wanted) {
      const all = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, held)
      chunks = [all]
      wanted = wantedOf(all, held)
      if (held < wanted) return
      onFrame(frameIn(all.subarray(0, wanted), false))
      chunks = held > wanted ? [all.subarray(wanted)] : []
      held -= wanted
      wanted = lengthBytes
    }
  }
}

/** Of a socket that reads into memory which is given to it (`onread` of `node:net`). */
export interface FrameMemory {
  /** Where the next bytes go. */
  readonly buffer: () => Buffer
  /** Takes note of so many bytes there. Always true: it goes on. */
  readonly callback: (count: number) => true
}

/** Bytes that are kept to read into: what most requests fit in. */
const keptBytes = 256 * 1024

/**
 * Reads frames one after the other into the same memory, which stays in the processor's cache; no memory is made and
 * nothing is copied for a frame that fits. A longer one gets memory of its own, which it keeps.
 */
export const frameMemory = (onFrame: (frame: Frame) => void, size = keptBytes): FrameMemory => {
  const kept = Buffer.allocUnsafeSlow(size)
  let memory = kept
  let held = 0
  const take = (): void => {
    let from = 0
    for (;;) {
      const rest = memory.subarray(from, held)
      const wanted = wantedOf(rest, rest.length)
      if (rest.length < wanted) {
        if (wanted > memory.length) {
          memory = Buffer.allocUnsafeSlow(wanted)
          rest.copy(memory)
        } else if (from > 0) {
          if (memory !== kept) memory = kept
          rest.copy(memory)
        }
        held = rest.length
        return
      }
      from += wanted
      onFrame(frameIn(rest.subarray(0, wanted), memory === kept))
    }
  }
  return {
    buffer: () => memory.subarray(held),
    callback: (count) => {
      held += count
      take()
      return true
    },
  }
}
