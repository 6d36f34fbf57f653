/**
 * The program of the reading process: an HDF5 file on standard input, its frame (see `parse.mjs`) on standard output. Options
 * come as one JSON argument.
 *
 * A file from outside is parsed here, in a process with an empty environment that ends after one file, never in the service: the
 * library is C, and its in-memory file system keeps external links from reaching the host's files.
 */
import { fstatSync, readSync, writeSync } from 'node:fs'
import { FS, PIECE_BYTES, parse } from './parse.mjs'

/** Puts standard input where the library looks for files; a regular file is read on demand rather than copied. */
const mount = (path) => {
  const stat = fstatSync(0)
  if (!stat.isFile()) {
    FS.writeFile(path, readPipe(), { canOwn: true })
    return
  }
  FS.writeFile(path, new Uint8Array(0))
  const { node } = FS.lookupPath(path)
  node.usedBytes = stat.size
  node.stream_ops = {
    ...node.stream_ops,
    read: (_stream, buffer, offset, length, position) => readSync(0, buffer, offset, length, position),
  }
}

const readPipe = () => {
  const chunks = []
  let total = 0
  for (;;) {
    const chunk = Buffer.allocUnsafe(1024 * 1024)
    const size = readSync(0, chunk, 0, chunk.length, null)
    if (size === 0) return Buffer.concat(chunks, total)
    total += size
    chunks.push(chunk.subarray(0, size))
  }
}

const writeAll = (bytes) => {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at, Math.min(bytes.length - at, PIECE_BYTES))
}

mount('/model.h5')
parse('/model.h5', JSON.parse(process.argv[2] ?? '{}'), writeAll)
// Exit at once: nothing of this process is needed any more.
process.exit(0)
