/** CRC-32C (Castagnoli), by which TensorFlow protects what it stores. */

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  return value >>> 0
})

/** TensorFlow stores checksums "masked", so that a checksum over data with checksums in it stays a good one. */
export const maskedCrc32c = (...parts: readonly Uint8Array[]): number => {
  let crc = 0xffffffff
  for (const part of parts) {
    for (let at = 0; at < part.length; at++) {
      crc = (crc >>> 8) ^ (table[(crc ^ (part[at] as number)) & 255] as number)
    }
  }
  crc = ~crc >>> 0
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0
}
