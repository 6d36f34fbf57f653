/** The two hashes by which TensorFlow puts texts into bins: FarmHash's Fingerprint64, and SipHash-2-4 with a key. */

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value)
const times = (a: bigint, b: bigint): bigint => wrap(a * b)
const turnedRight = (value: bigint, by: bigint): bigint => wrap((value >> by) | (value << (64n - by)))
const turnedLeft = (value: bigint, by: bigint): bigint => turnedRight(value, 64n - by)
const mixed = (value: bigint): bigint => value ^ (value >> 47n)

const K0 = 0xc3a5c85c97cb3127n
const K1 = 0xb492b66fbe98f273n
const K2 = 0x9ae16a3b2f90404fn

const both = (u: bigint, v: bigint, multiplier: bigint): bigint => {
  const a = mixed(times(u ^ v, multiplier))
  return times(mixed(times(v ^ a, multiplier)), multiplier)
}

/** `Fingerprint64` of FarmHash (Google, MIT), which stays the same for ever. */
export const fingerprint64 = (bytes: Uint8Array): bigint => {
  const size = bytes.length
  const view = new DataView(bytes.buffer, bytes.byteOffset, size)
  const at = (offset: number): bigint => view.getBigUint64(offset, true)
  const multiplier = wrap(K2 + BigInt(size) * 2n)
  if (size > 64) return long(at, size)
  if (size > 32) {
    const a = times(at(0), K2)
    const b = at(8)
    const c = times(at(size - 8), multiplier)
    const d = times(at(size - 16), K2)
    const y = wrap(turnedRight(wrap(a + b), 43n) + turnedRight(c, 30n) + d)
    const z = both(y, wrap(a + turnedRight(wrap(b + K2), 18n) + c), multiplier)
    const e = times(at(16), multiplier)
    const f = at(24)
    const g = times(wrap(y + at(size - 32)), multiplier)
    const h = times(wrap(z + at(size - 24)), multiplier)
    const left = wrap(turnedRight(wrap(e + f), 43n) + turnedRight(g, 30n) + h)
    return both(left, wrap(e + turnedRight(wrap(f + a), 18n) + g), multiplier)
  }
  if (size > 16) {
    const a = times(at(0), K1)
    const b = at(8)
    const c = times(at(size - 8), multiplier)
    const d = times(at(size - 16), K2)
    const left = wrap(turnedRight(wrap(a + b), 43n) + turnedRight(c, 30n) + d)
    return both(left, wrap(a + turnedRight(wrap(b + K2), 18n) + c), multiplier)
  }
  if (size >= 8) {
    const a = wrap(at(0) + K2)
    const b = at(size - 8)
    const c = wrap(times(turnedRight(b, 37n), multiplier) + a)
    const d = times(wrap(turnedRight(a, 25n) + b), multiplier)
    return both(c, d, multiplier)
  }
  if (size >= 4) {
    const a = BigInt(view.getUint32(0, true))
    return both(wrap(BigInt(size) + (a << 3n)), BigInt(view.getUint32(size - 4, true)), multiplier)
  }
  if (size === 0) return K2
  const y = BigInt((bytes[0] ?? 0) + ((bytes[size >> 1] ?? 0) << 8))
  const z = BigInt(size + ((bytes[size - 1] ?? 0) << 2))
  return times(mixed(times(y, K2) ^ times(z, K0)), K2)
}

/** Blocks of 64 bytes, the last of which may overlap the one before. */
const long = (at: (offset: number) => bigint, size: number): bigint => {
  const weak = (offset: number, first: bigint, second: bigint): [bigint, bigint] => {
    let a = wrap(first + at(offset))
    let b = turnedRight(wrap(second + a + at(offset + 24)), 21n)
    const c = a
    a = wrap(a + at(offset + 8) + at(offset + 16))
    b = wrap(b + turnedRight(a, 44n))
    return [wrap(a + at(offset + 24)), wrap(b + c)]
  }
  let x = wrap(81n * K2 + at(0))
  let y = wrap(81n * K1 + 113n)
  let z = times(mixed(wrap(y * K2 + 113n)), K2)
  let [v0, v1, w0, w1] = [0n, 0n, 0n, 0n]
  const block = (offset: number, multiplier: bigint, wScale: bigint, vScale: bigint): void => {
    x = times(turnedRight(wrap(x + y + v0 + at(offset + 8)), 37n), multiplier)
    y = times(turnedRight(wrap(y + v1 + at(offset + 48)), 42n), multiplier)
    x ^= times(w1, wScale)
    y = wrap(y + v0 * vScale + at(offset + 40))
    z = times(turnedRight(wrap(z + w0), 33n), multiplier)
    const next: [bigint, bigint] = weak(offset, times(v1, multiplier), wrap(x + w0))
    const after: [bigint, bigint] = weak(offset + 32, wrap(z + w1), wrap(y + at(offset + 16)))
    ;[v0, v1] = next
    ;[w0, w1] = after
    ;[z, x] = [x, z]
  }
  const end = Math.floor((size - 1) / 64) * 64
  for (let offset = 0; offset < end; offset += 64) block(offset, K1, 1n, 1n)
  const multiplier = wrap(K1 + ((z & 0xffn) << 1n))
  w0 = wrap(w0 + BigInt((size - 1) & 63))
  v0 = wrap(v0 + w0)
  w0 = wrap(w0 + v0)
  block(size - 64, multiplier, 9n, 9n)
  const left = wrap(both(v0, w0, multiplier) + times(mixed(y), K0) + z)
  return both(left, wrap(both(v1, w1, multiplier) + x), multiplier)
}

/** SipHash-2-4 (Aumasson and Bernstein 2012). */
export const sipHash = (bytes: Uint8Array, [k0, k1]: readonly [bigint, bigint]): bigint => {
  const size = bytes.length
  const padded = new Uint8Array(Math.floor(size / 8) * 8 + 8)
  padded.set(bytes)
  padded[padded.length - 1] = size & 255
  const view = new DataView(padded.buffer)
  let v0 = k0 ^ 0x736f6d6570736575n
  let v1 = k1 ^ 0x646f72616e646f6dn
  let v2 = k0 ^ 0x6c7967656e657261n
  let v3 = k1 ^ 0x7465646279746573n
  const rounds = (count: number): void => {
    for (let i = 0; i < count; i += 1) {
      v0 = wrap(v0 + v1)
      v1 = turnedLeft(v1, 13n) ^ v0
      v0 = turnedLeft(v0, 32n)
      v2 = wrap(v2 + v3)
      v3 = turnedLeft(v3, 16n) ^ v2
      v0 = wrap(v0 + v3)
      v3 = turnedLeft(v3, 21n) ^ v0
      v2 = wrap(v2 + v1)
      v1 = turnedLeft(v1, 17n) ^ v2
      v2 = turnedLeft(v2, 32n)
    }
  }
  for (let offset = 0; offset < padded.length; offset += 8) {
    const word = view.getBigUint64(offset, true)
    v3 ^= word
    rounds(2)
    v0 ^= word
  }
  v2 ^= 0xffn
  rounds(4)
  return v0 ^ v1 ^ v2 ^ v3
}
