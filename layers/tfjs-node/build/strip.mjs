// Drops a shared library's symbol table, which only debuggers read: a quarter of libtensorflow_cc.
// @ts-check
import { open } from 'node:fs/promises'

const sectionHeaderBytes = 64
const allocated = 0x2n

/**
 * Cuts an ELF library after the last byte that the loader maps and writes a section table for what is left.
 * Works for any architecture on any machine, in place, without binutils; TensorFlow's wheels keep all unmapped sections at the end.
 *
 * @param {string} path
 * @returns {Promise<boolean>} false, file untouched, when it is no 64-bit ELF file laid out that way
 */
export async function stripLibrary(path) {
  const file = await open(path, 'r+')
  try {
    const header = await readRange(file, 0, 64)
    if (header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) return false
    const sections = await readSections(file, header)
    const kept = sections.filter(({ flags }, index) => index === 0 || (flags & allocated) !== 0n)
    const mappedEnd = await endOfSegments(file, header)
    const movable = sections.filter((section) => !kept.includes(section))
    if (movable.length === 0 || movable.some(({ offset }) => offset < mappedEnd)) return false
    await writeTable(file, header, kept, sections, mappedEnd)
    return true
  } finally {
    await file.close()
  }
}

/** @typedef {{ raw: Buffer, flags: bigint, offset: bigint }} Section */

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {Buffer} header
 * @returns {Promise<Section[]>}
 */
export async function readSections(file, header) {
  const count = header.readUInt16LE(60)
  const table = await readRange(file, Number(header.readBigUInt64LE(40)), count * sectionHeaderBytes)
  return Array.from({ length: count }, (_, index) => {
    const raw = table.subarray(index * sectionHeaderBytes, (index + 1) * sectionHeaderBytes)
    return { raw, flags: raw.readBigUInt64LE(8), offset: raw.readBigUInt64LE(24) }
  })
}

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {Buffer} header
 */
async function endOfSegments(file, header) {
  const [size, count] = [header.readUInt16LE(54), header.readUInt16LE(56)]
  const table = await readRange(file, Number(header.readBigUInt64LE(32)), size * count)
  let end = 0n
  for (let at = 0; at < table.length; at += size) {
    const last = table.readBigUInt64LE(at + 8) + table.readBigUInt64LE(at + 32)
    if (last > end) end = last
  }
  return end
}

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {Buffer} header
 * @param {Section[]} kept
 * @param {Section[]} all
 * @param {bigint} mappedEnd
 */
async function writeTable(file, header, kept, all, mappedEnd) {
  const names = /** @type {Section} */ (all[header.readUInt16LE(62)])
  const namesAt = Number((mappedEnd + 7n) & ~7n)
  const nameBytes = await readRange(file, Number(names.offset), Number(names.raw.readBigUInt64LE(32)))
  const table = [...kept, names].map(({ raw }) => {
    const copy = Buffer.from(raw)
    const link = /** @type {Section | undefined} */ (all[raw.readUInt32LE(40)])
    copy.writeUInt32LE(link && kept.includes(link) ? kept.indexOf(link) : 0, 40)
    return copy
  })
  table.at(-1)?.writeBigUInt64LE(BigInt(namesAt), 24)
  const tableAt = (namesAt + nameBytes.length + 7) & ~7
  await file.truncate(Number(mappedEnd))
  await file.write(nameBytes, 0, nameBytes.length, namesAt)
  const bytes = Buffer.concat(table)
  await file.write(bytes, 0, bytes.length, tableAt)
  header.writeBigUInt64LE(BigInt(tableAt), 40)
  header.writeUInt16LE(table.length, 60)
  header.writeUInt16LE(table.length - 1, 62)
  await file.write(header, 0, header.length, 0)
}

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {number} position
 * @param {number} length
 */
export async function readRange(file, position, length) {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position)
  return buffer.subarray(0, bytesRead)
}
