/** What the derived files of a version say about its parity certificate, and that an alias stays away from one that fails. */
import { type Manifest, type Replay, replayPath, replaySchema, versionFiles } from '../contract/index.ts'
import { ConflictError } from '../errors.ts'
import { type Context, each, foldersBelow, readRecord } from './context.ts'
import { derivedKey, derivedPrefix } from './layout.ts'
import type { Registry } from './types.ts'

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
  if (newest?.passed === false) throw parityFails(name, version, newest)
}

/** For whoever asks about one replay rather than the newest. */
export const parityFails = (name: string, version: number, replay: Replay): ConflictError => {
  const found =
    replay.difference === null ? 'outputs that are no numbers or of another shape' : replay.difference.toExponential(1)
  return new ConflictError(
    `the parity certificate of ${name}:${version} fails on ${replay.kernels}: the largest difference is ${found}, ${replay.tolerance} is allowed; ` +
      `no alias may move to it. Look at the model, or replay it on other kernels: maas verify ${name}:${version}`,
    { param: 'version' },
  )
}

/** How the version's certificate went on these kernels; undefined when it has none. */
export const replayOn = async (
  registry: Pick<Registry, 'replays'>,
  manifest: Manifest,
  kernels: string,
): Promise<Replay | 'missing' | undefined> => {
  if (!manifest.files.some(({ path }) => path === versionFiles.golden)) return undefined
  return (await registry.replays(manifest)).find((replay) => replay.kernels === kernels) ?? 'missing'
}
