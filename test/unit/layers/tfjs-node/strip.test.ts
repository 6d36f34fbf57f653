/** Stripping cuts what the loader does not map and nothing else. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { stripLibrary } from '../../../../layers/tfjs-node/build/strip.mjs'
import { temporaryFolder } from './support.ts'

const names = '\0.text\0.symtab\0.shstrtab\0'

/** One mapped section of 64 bytes at 0x80, then a symbol table and the section names, as linkers lay them out. */
function elfFile({ symbolsBeforeText = false } = {}): Buffer {
  const [textAt, symbolsAt, namesAt, tableAt] = symbolsBeforeText
    ? [0x180, 0x80, 0x1c0, 0x200]
    : [0x80, 0xc0, 0x1c0, 0x200]
  const file = Buffer.alloc(tableAt + 4 * 64)
  Buffer.from([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]).copy(file)
  file.writeBigUInt64LE(64n, 32)
  file.writeBigUInt64LE(BigInt(tableAt), 40)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(1, 56)
  file.writeUInt16LE(64, 58)
  file.writeUInt16LE(4, 60)
  file.writeUInt16LE(3, 62)
  file.writeBigUInt64LE(0n, 64 + 8)
  file.writeBigUInt64LE(BigInt(textAt + 64), 64 + 32)
  file.fill('T', textAt, textAt + 64)
  file.fill('S', symbolsAt, symbolsAt + 256)
  file.write(names, namesAt, 'latin1')
  const section = (index: number, name: string, flags: bigint, offset: number, size: number) => {
    const at = tableAt + index * 64
    file.writeUInt32LE(names.indexOf(name), at)
    file.writeBigUInt64LE(flags, at + 8)
    file.writeBigUInt64LE(BigInt(offset), at + 24)
    file.writeBigUInt64LE(BigInt(size), at + 32)
  }
  section(1, '.text', 2n, textAt, 64)
  section(2, '.symtab', 0n, symbolsAt, 256)
  section(3, '.shstrtab', 0n, namesAt, names.length)
  return file
}

function write(bytes: Buffer): string {
  const path = join(temporaryFolder(), 'library.so')
  writeFileSync(path, bytes)
  return path
}

describe('stripLibrary', () => {
  it('keeps mapped bytes in place and drops the symbol table', async () => {
    const path = write(elfFile())
    expect(await stripLibrary(path)).toBe(true)
    const after = readFileSync(path)
    expect(after.subarray(0x80, 0xc0).toString()).toBe('T'.repeat(64))
    expect(after.includes('SSSS')).toBe(false)
    expect(after.readUInt16LE(60)).toBe(3)
    const table = Number(after.readBigUInt64LE(40))
    const namesAt = Number(after.readBigUInt64LE(table + 2 * 64 + 24))
    expect(after.toString('latin1', namesAt, namesAt + names.length)).toBe(names)
    expect(after.length).toBe(table + 3 * 64)
  })

  it('has nothing left to do the second time', async () => {
    const path = write(elfFile())
    await stripLibrary(path)
    const once = readFileSync(path)
    await stripLibrary(path)
    expect(readFileSync(path)).toEqual(once)
  })

  it.each([
    ['no ELF file', Buffer.from('MZ'.padEnd(200))],
    ['symbols between mapped bytes', elfFile({ symbolsBeforeText: true })],
  ])('leaves a file alone that is %s', async (_what, bytes) => {
    const path = write(bytes)
    expect(await stripLibrary(path)).toBe(false)
    expect(readFileSync(path)).toEqual(bytes)
  })
})
