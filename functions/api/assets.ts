/** Where the playground's files are: a folder that holds them as browsers take them. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** Reads a file of the playground by its name; undefined when there is none. */
export type Assets = (name: string) => Promise<Uint8Array | undefined>

/** Names that reach this are checked against the contract, so none leads out of the folder. */
export const folderAssets =
  (folder: string): Assets =>
  async (name) => {
    try {
      return await readFile(join(folder, name))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw error
    }
  }
