/** Starts a program as Lambda would start one on the kernels layer: the layer below /opt, and a /tmp of its own. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What the layer for this machine holds, when `npm run build:kernels -- --arch … --bundle` laid it out. */
const layer = fileURLToPath(new URL(`../../layers/tfjs-node/dist/${process.arch}/layer`, import.meta.url))

/** A mount that no other process sees; root, or a user who may be root in a namespace of his own. */
const unshare = ['unshare', '--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])] as const

/** Why it cannot be done here; undefined where it can. */
export const noLayer = (): string | undefined => {
  if (!existsSync(join(layer, 'maas', 'packed', 'packed.json'))) {
    return `no layer is built: npm run build:kernels -- --arch ${process.arch} --bundle`
  }
  const [program, ...args] = [...unshare, 'mount', '--bind', layer, '/opt']
  return spawnSync(program ?? '', args).status === 0 ? undefined : 'this machine allows no mounts (unshare)'
}

/** `TMPDIR` of `env` is the function's /tmp. */
export const onLayer = (args: readonly string[], env: Readonly<Record<string, string>>, cwd: string): ChildProcess => {
  const [program, ...rest] = [...unshare, 'sh', '-c', 'mount --bind "$0" /opt && exec "$@"', layer]
  return spawn(program ?? '', [...rest, process.execPath, ...args], {
    cwd,
    env: { PATH: dirname(process.execPath), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}
