/** What the derived files of a version say about its parity certificate, and that an alias stays away from one that fails. */
import { type Replay, replayPath, replaySchema } from '../contract/index.ts'
import { ConflictError } from '../errors.ts'
import { type Context, each, foldersBelow, readRecord } from './context.ts'
import { derivedKey, derivedPrefix } from './layout.ts'

/** One for each kernel version that it was replayed on, newest first. */
export const readReplays = async ({ store }: Context, name: string, version: number): Promise<readonly Replay[]> => {
  const prefix = derivedPrefix(name, version)
  const kernels: string[] = []
  for await (const folder of foldersBelow(store, prefix)) kernels.push(folder.slice(prefix.length, -1))
  const found = await each(kernels, (id) => readRecord(store, derivedKey(name, version, replayPath(id)), replaySchema))
  return found.filter((replay) => replay !== undefined).sort((a, b) => b.at.localeCompare(a.at))
}

/** ConflictError when the newest replay failed; a version without a certificate may be pointed at. */
export const requireParity = async (context: Context, name: string, version: number): Promise<void> => {
  const [newest] = await readReplays(context, name, version)
  if (newest === undefined || newest.passed) return
  const found =
    newest.difference === null ? 'outputs that are no numbers or of another shape' : newest.difference.toExponential(1)
  throw new ConflictError(
    `the parity certificate of ${name}:${version} fails on ${newest.kernels}: the largest difference is ${found}, ${newest.tolerance} is allowed; ` +
      `no alias may move to it. Look at the model, or replay it on other kernels: maas verify ${name}:${version}`,
    { param: 'version' },
  )
}
