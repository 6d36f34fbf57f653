/** A folder for work under way, gone with it. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'

export const inFolder = async <T>(temporary: string, work: (directory: string) => Promise<T>): Promise<T> => {
  await mkdir(temporary, { recursive: true })
  const directory = await mkdtemp(join(temporary, 'maas-check-'))
  try {
    return await work(directory)
  } finally {
    await rm(directory, { recursive: true, force: true })
  }
}
