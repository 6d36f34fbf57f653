/**
 * The program of the reading process: an HDF5 file on standard input or at a path, its frame (see `parse.mjs`) on standard output.
 * Options come as JSON by the fourth stream, so that it can be up before there is a file.
 *
 * A file from outside is parsed here, in a process with an empty environment that ends after one file, never in the service: the
 * library is C, and its in-memory file system keeps external links from reaching the host's files.
 */
import { fstatSync, openSync, readFileSync, readSync, writeSync } from 'node:fs'
import { FS, PIECE_BYTES, parse } from './parse.mjs'

/** Puts the file where the library looks for files; a regular one is read on demand rather than copied. */
const mount = (path, file, size) => {
  const stat = fstatSync(file)
  if (!stat.isFile()) {
    FS.writeFile(path, readPipe(size), { canOwn: true })
    return
  }
  FS.writeFile(path, new Uint8Array(0))
  const { node } = FS.lookupPath(path)
  node.usedBytes = stat.size
  node.stream_ops = {
    ...node.stream_ops,
    read: (_stream, buffer, offset, length, position) => readSync(file, buffer, offset, length, position),
  }
}

const readPipe = (size) => {
  const content = Buffer.allocUnsafe(size)
  for (let at = 0; ; ) {
    const read = at < size ? readSync(0, content, at, size - at, null) : 0
    if (read === 0) return content.subarray(0, at)
    at += read
  }
}

const writeAll = (bytes) => {
  for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at, Math.min(bytes.length - at, PIECE_BYTES))
}

// Nothing, when there is no file for it after all.
const task = readFileSync(3, 'utf8')
if (task !== '') {
  const { path, size, ...options } = JSON.parse(task)
  mount('/model.h5', path === undefined ? 0 : openSync(path, 'r'), size)
  parse('/model.h5', options, writeAll)
}
// Exit at once: nothing of this process is needed any more.
process.exit(0)
