// Binds a library's references to its own symbols when it is built, so that the loader need not look them up at every start.
// @ts-check
import { open } from 'node:fs/promises'
import { readRange, readSections } from './strip.mjs'

/** Relocation types by ELF machine: the address of a symbol in data, in the offset table, of a call, and base plus number. */
const machines = new Map([
  [62, { address: 1, entry: 6, call: 7, relative: 8 }],
  [183, { address: 257, entry: 1025, call: 1026, relative: 1027 }],
])

/** What a library that calls nothing has. */
const none = { offset: 0, address: 0n, bytes: Buffer.alloc(0) }

const symbolBytes = 24
const relocationBytes = 24
/** DT_RELACOUNT: how many relative relocations come first. */
const countTag = 0x6ffffff9n

/**
 * Names that must stay open to other libraries: everything of the C++ library, which exists once in a process, and what
 * is not C++.
 */
const open_ = /^_Z(?:T[VTISCv]|G[VR])?(?:N[VKRO]*)?(?:S[tabsiod]|9__gnu_cxx|10__cxxabiv1)/

/** The one function that quiet.node answers in TensorFlow's place. */
const replaced = /MinLogLevel/

/** Namespaces of TensorFlow and of what is linked into it: the C++ library's templates about these are nobody else's. */
const own =
  /10tensorflow|3tsl|3xla|4mlir|4llvm|4absl|6google8protobuf|5Eigen|4dnnl|6tflite|8toco|15stream_executor|3tfg|4tfrt|4grpc/

/**
 * Turns each relocation against a symbol that only this library of the two defines into a relative one, in place, and
 * writes the address of each such function into the slot of calls to it. TensorFlow's two libraries hold 600,000 of
 * them, two thirds of the time it takes to load them.
 * It changes what `-Bsymbolic` would have changed; code and symbol tables stay as they are. Who asks the loader to bind
 * calls at once (LD_BIND_NOW) gets the same by name.
 *
 * @param {string} path
 * @param {string} other the library it is loaded with
 * @returns {Promise<number>} relocations bound; 0, file untouched, when it is no such ELF library
 */
export async function prebindLibrary(path, other) {
  const file = await open(path, 'r+')
  try {
    const library = await readLibrary(file)
    const types = machines.get(library?.machine ?? 0)
    if (library === undefined || types === undefined) return 0
    const foreign = await definedNames(other)
    const bindable = bindableSymbols(library, foreign)
    const { table, bound, relatives } = bind(library, bindable, types)
    const called = bindCalls(library, bindable, types)
    if (bound + called === 0) return 0
    await file.write(table, 0, table.length, library.relocations.offset)
    await file.write(library.slots.bytes, 0, library.slots.bytes.length, library.slots.offset)
    await writeCount(file, library.dynamic, relatives)
    return bound + called
  } finally {
    await file.close()
  }
}

/**
 * @typedef {{ offset: number, address: bigint, bytes: Buffer }} Part `address` is where it is mapped, from the library's start
 * @typedef {Record<'symbols' | 'names' | 'relocations' | 'calls' | 'slots' | 'dynamic', Part>} Parts
 * @typedef {{ machine: number } & Parts} Library
 * @typedef {{ address: number, entry: number, call: number, relative: number }} Types
 */

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @returns {Promise<Library | undefined>}
 */
async function readLibrary(file) {
  const header = await readRange(file, 0, 64)
  if (header.readUInt32BE(0) !== 0x7f454c46 || header[4] !== 2 || header[5] !== 1) return undefined
  const sections = await readSections(file, header)
  const names = sections[header.readUInt16LE(62)]
  if (names === undefined) return undefined
  const texts = await readRange(file, Number(names.offset), Number(names.raw.readBigUInt64LE(32)))
  const part = async (/** @type {string} */ name) => {
    const found = sections.find(({ raw }) => textAt(texts, raw.readUInt32LE(0)) === name)
    if (found === undefined) return undefined
    const offset = Number(found.offset)
    const bytes = await readRange(file, offset, Number(found.raw.readBigUInt64LE(32)))
    return { offset, address: found.raw.readBigUInt64LE(16), bytes }
  }
  const symbols = await part('.dynsym')
  const strings = await part('.dynstr')
  const relocations = await part('.rela.dyn')
  const calls = await part('.rela.plt')
  const slots = await part('.got.plt')
  const dynamic = await part('.dynamic')
  if (!symbols || !strings || !relocations || !dynamic) return undefined
  const own = { symbols, names: strings, relocations, dynamic, calls: calls ?? none, slots: slots ?? none }
  return { machine: header.readUInt16LE(18), ...own }
}

/** @param {string} path */
async function definedNames(path) {
  const file = await open(path, 'r')
  try {
    const library = await readLibrary(file)
    /** @type {Set<string>} */
    const names = new Set()
    if (library === undefined) return names
    for (let at = 0; at < library.symbols.bytes.length; at += symbolBytes) {
      if (library.symbols.bytes.readUInt16LE(at + 6) !== 0)
        names.add(textAt(library.names.bytes, library.symbols.bytes.readUInt32LE(at)))
    }
    return names
  } finally {
    await file.close()
  }
}

/**
 * @param {Library} library
 * @param {ReadonlySet<string>} foreign
 * @returns {Uint8Array} 1 for each symbol whose address inside this library is the only one there can be
 */
function bindableSymbols({ symbols: { bytes }, names }, foreign) {
  const bindable = new Uint8Array(bytes.length / symbolBytes)
  for (let index = 0; index < bindable.length; index++) {
    const at = index * symbolBytes
    const info = /** @type {number} */ (bytes[at + 4])
    const section = bytes.readUInt16LE(at + 6)
    // Global or weak (not unique), of no type, an object or a function (not thread-local, not chosen at run time).
    if (section === 0 || section >= 0xff00 || (info >> 4 !== 1 && info >> 4 !== 2) || (info & 15) > 2) continue
    const name = textAt(names.bytes, bytes.readUInt32LE(at))
    const ours = name.startsWith('_Z') && (!open_.test(name) || own.test(name)) && !replaced.test(name)
    if (ours && !foreign.has(name)) bindable[index] = 1
  }
  return bindable
}

/**
 * @param {Library} library
 * @param {Uint8Array} bindable
 * @param {Types} types
 */
function bind({ symbols, relocations: { bytes } }, bindable, types) {
  const count = bytes.length / relocationBytes
  /** @type {number[]} */
  const relative = []
  /** @type {number[]} */
  const others = []
  let bound = 0
  for (let index = 0; index < count; index++) {
    const at = index * relocationBytes
    const type = bytes.readUInt32LE(at + 8)
    const symbol = bytes.readUInt32LE(at + 12)
    if ((type === types.address || type === types.entry) && bindable[symbol] === 1) {
      const value = symbols.bytes.readBigUInt64LE(symbol * symbolBytes + 8)
      const addend = type === types.entry && types.entry === 6 ? 0n : bytes.readBigInt64LE(at + 16)
      bytes.writeUInt32LE(types.relative, at + 8)
      bytes.writeUInt32LE(0, at + 12)
      bytes.writeBigUInt64LE(BigInt.asUintN(64, value + addend), at + 16)
      bound++
      relative.push(at)
    } else if (type === types.relative) relative.push(at)
    else others.push(at)
  }
  const offsets = new Map(relative.map((at) => [at, Number(bytes.readBigUInt64LE(at))]))
  relative.sort((a, b) => /** @type {number} */ (offsets.get(a)) - /** @type {number} */ (offsets.get(b)))
  const table = Buffer.alloc(bytes.length)
  for (const [position, at] of [...relative, ...others].entries()) {
    bytes.copy(table, position * relocationBytes, at, at + relocationBytes)
  }
  return { table, bound, relatives: relative.length }
}

/**
 * A slot holds where a call goes first: into the loader, which looks the name up. The loader adds the library's base to
 * whatever is there.
 *
 * @param {Library} library `slots` is changed
 * @param {Uint8Array} bindable
 * @param {Types} types
 * @returns {number} calls bound
 */
function bindCalls({ symbols, calls: { bytes }, slots }, bindable, types) {
  let bound = 0
  for (let at = 0; at < bytes.length; at += relocationBytes) {
    const symbol = bytes.readUInt32LE(at + 12)
    const isFunction = /** @type {number} */ (symbols.bytes[symbol * symbolBytes + 4] & 15) === 2
    if (bytes.readUInt32LE(at + 8) !== types.call || bindable[symbol] !== 1 || !isFunction) continue
    const address = symbols.bytes.readBigUInt64LE(symbol * symbolBytes + 8)
    slots.bytes.writeBigUInt64LE(address, Number(bytes.readBigUInt64LE(at) - slots.address))
    bound++
  }
  return bound
}

/**
 * @param {import('node:fs/promises').FileHandle} file
 * @param {Part} dynamic
 * @param {number} relatives
 */
async function writeCount(file, { offset, bytes }, relatives) {
  for (let at = 0; at < bytes.length; at += 16) {
    if (bytes.readBigUInt64LE(at) !== countTag) continue
    bytes.writeBigUInt64LE(BigInt(relatives), at + 8)
    await file.write(bytes, at, 16, offset + at)
  }
}

/**
 * @param {Buffer} texts
 * @param {number} at
 */
const textAt = (texts, at) => texts.toString('latin1', at, texts.indexOf(0, at))
