/** Damage to a file, of the kinds that files meet by accident and by intent; the same seed gives the same damage. */
import { unzipSync, zipSync } from 'fflate'

/** mulberry32: small, and the same everywhere. */
export const randomOf = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

export interface Mutation {
  readonly bytes: Uint8Array
  /** What was done, for a person. */
  readonly what: string
  /** Path of the archive's entry that was changed before it was packed again, with fitting checksums. */
  readonly inside?: string
}

type Change = (bytes: Buffer, random: () => number) => Buffer

const below = (random: () => number, limit: number): number => Math.floor(random() * limit)

/** Numbers at which readers break: signs, sizes and offsets beyond everything. */
const edges = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff]

export const changes: Readonly<Record<string, Change>> = {
  'flip a bit': (bytes, random) => {
    const at = below(random, bytes.length)
    bytes[at] = (bytes[at] ?? 0) ^ (1 << below(random, 8))
    return bytes
  },
  'flip twenty bits': (bytes, random) => {
    for (let i = 0; i < 20; i++) changes['flip a bit']?.(bytes, random)
    return bytes
  },
  'write an edge number': (bytes, random) => {
    const width = [1, 2, 4, 8][below(random, 4)] ?? 1
    const value = BigInt(edges[below(random, edges.length)] ?? 0)
    const field = Buffer.alloc(8)
    field.writeBigUInt64LE(random() < 0.2 ? 0xffffffffffffffffn : value)
    field.copy(bytes, below(random, Math.max(1, bytes.length - width)), 0, width)
    return bytes
  },
  'write noise': (bytes, random) => {
    const start = below(random, bytes.length)
    const end = Math.min(bytes.length, start + 1 + below(random, 64))
    for (let at = start; at < end; at++) bytes[at] = below(random, 256)
    return bytes
  },
  'cut the end off': (bytes, random) => bytes.subarray(0, below(random, bytes.length)),
  'take a piece out': (bytes, random) => {
    const start = below(random, bytes.length)
    return Buffer.concat([bytes.subarray(0, start), bytes.subarray(start + 1 + below(random, 200))])
  },
  'repeat a piece': (bytes, random) => {
    const start = below(random, bytes.length)
    const piece = bytes.subarray(start, start + 1 + below(random, 200))
    return Buffer.concat([bytes.subarray(0, start), piece, bytes.subarray(start)])
  },
  'move a piece': (bytes, random) => {
    const length = 1 + below(random, 64)
    bytes.copy(bytes, below(random, bytes.length), below(random, bytes.length), below(random, bytes.length) + length)
    return bytes
  },
  'name another file': (bytes, random) => {
    // A text of the file becomes the path of one that must never be read.
    const path = Buffer.from(canary.path)
    path.copy(bytes, below(random, Math.max(1, bytes.length - path.length)))
    return bytes
  },
  'change a digit': (bytes, random) => {
    const start = below(random, bytes.length)
    const at = bytes.findIndex((byte, index) => index >= start && byte >= 0x30 && byte <= 0x39)
    if (at !== -1) bytes[at] = 0x30 + below(random, 10)
    return bytes
  },
}

/** A file whose content must turn up nowhere: neither in a message nor in a weight. */
export const canary = { path: '/tmp/maas-fuzz-canary', content: 'C4N4RY-0f-th3-h0st-f1l3s' }

/** Archives are damaged as they are or, more often, in one of their files, which then has a fitting checksum again. */
export const mutate = (original: Uint8Array, seed: number): Mutation => {
  const random = randomOf(seed)
  const names = Object.keys(changes)
  const name = names[below(random, names.length)] ?? ''
  const apply = (bytes: Uint8Array): Buffer => (changes[name] as Change)(Buffer.from(bytes), random)
  const isZip = original[0] === 0x50 && original[1] === 0x4b
  if (!isZip || random() < 0.25) return { bytes: apply(original), what: name }
  const entries = unzipSync(original)
  const paths = Object.keys(entries).sort()
  const inside = paths[below(random, paths.length)] ?? ''
  const changed = { ...entries, [inside]: new Uint8Array(apply(entries[inside] ?? new Uint8Array())) }
  return { bytes: zipSync(changed, { level: 0 }), what: `${name} in ${inside}`, inside }
}
