/** Size and hash of a file, as an import announces them. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'

const pieceBytes = 1 << 20

/** Reads into the same memory again and again: new memory costs more than the reading. Errors are those of node:fs. */
export const measureFile = async (path: string): Promise<{ readonly size: number; readonly sha256: string }> => {
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafe(pieceBytes)
  const handle = await open(path, 'r')
  try {
    for (let size = 0; ; ) {
      const { bytesRead } = await handle.read(piece, 0, pieceBytes, size)
      if (bytesRead === 0) return { size, sha256: hash.digest('hex') }
      hash.update(piece.subarray(0, bytesRead))
      size += bytesRead
    }
  } finally {
    await handle.close()
  }
}
