/**
 * The reading process of `core/formats/hdf5`, for many files: the same parser behind the same restrictions, one file after the other.
 * In: 4 bytes length of the options, 4 of the file (little-endian), both. Out: messages of 1 byte kind, 4 bytes length and content,
 * kind 0 a piece of the frame, kind 1 the end of the file as `{ code, diagnostics, isLast }`.
 */
import { readSync, writeSync } from 'node:fs'

const pieceBytes = 65_536
let words = ''
// The library takes it when it is loaded: what it says belongs to the file at hand.
console.error = (...said) => {
  words += `${said.join(' ')}\n`
}
const { FS, parse } = await import('../../layers/core/formats/hdf5/parse.mjs')

/** Undefined when there is nothing more. */
const read = (length) => {
  const bytes = Buffer.allocUnsafe(length)
  for (let at = 0; at < length; ) {
    const got = readSync(0, bytes, at, length - at, null)
    if (got === 0) return undefined
    at += got
  }
  return bytes
}

const write = (bytes) => {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at)
}

const send = (kind, bytes) => {
  const head = Buffer.alloc(5)
  head[0] = kind
  head.writeUInt32LE(bytes.length, 1)
  write(head)
  write(bytes)
}

for (let number = 0; ; number++) {
  const lengths = read(8)
  if (lengths === undefined) break
  const options = JSON.parse(read(lengths.readUInt32LE(0)))
  const path = `/model-${number}.h5`
  FS.writeFile(path, read(lengths.readUInt32LE(4)))
  words = ''
  let code = 0
  let spoiled = false
  try {
    parse(path, options, (bytes) => {
      for (let at = 0; at < bytes.length; at += pieceBytes) send(0, bytes.subarray(at, at + pieceBytes))
    })
  } catch (error) {
    words += `${error.stack}\n`
    code = 1
    // After a trap the library's memory is nothing to go on with.
    spoiled = error instanceof WebAssembly.RuntimeError
  }
  FS.unlink(path)
  send(1, Buffer.from(JSON.stringify({ code, diagnostics: words, isLast: spoiled })))
  if (spoiled) break
}
process.exit(0)
