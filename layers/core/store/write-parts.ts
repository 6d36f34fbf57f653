/** Writes what lies in several places of memory to one file, without joining it first. */
import type { FileHandle } from 'node:fs/promises'

/** Appends all of it; errors are those of node:fs. */
export const writeParts = async (handle: FileHandle, parts: readonly Uint8Array[]): Promise<void> => {
  const { bytesWritten } = await handle.writev([...parts])
  const rest = parts.reduce((sum, { length }) => sum + length, -bytesWritten)
  // A full disk takes a part; the rest then says why.
  if (rest > 0) await handle.writeFile(Buffer.concat(parts).subarray(-rest))
}
