/** buildah without a daemon: images built from Dockerfiles, and programs run in them without a right to write. */
import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import { run } from './needs.ts'

export interface Image {
  readonly tag: string
  /** Bytes on disk, all layers. */
  readonly bytes: number
  readonly seconds: number
}

export interface Mounted {
  readonly root: string
  readonly user: string
  readonly entrypoint: readonly string[]
  readonly command: readonly string[]
  readonly workdir: string
  readonly env: Readonly<Record<string, string>>
}

export interface Engine {
  build(tag: string, context: string, args?: Readonly<Record<string, string>>): Image
  mount(tag: string): Mounted
  close(): void
}

/** Everything it makes lies below `folder`. */
export const createEngine = (folder: string): Engine => {
  const storage = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs']
  const buildah = (...args: string[]): string => run('buildah', [...storage, ...args])
  const containers: string[] = []
  return {
    build: (tag, context, args = {}) => {
      const started = performance.now()
      const given = Object.entries(args).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`])
      buildah('bud', '--isolation', 'chroot', '--pull-never', '--quiet', ...given, '-t', tag, context)
      const seconds = (performance.now() - started) / 1000
      const container = buildah('from', '--pull-never', tag).trim()
      containers.push(container)
      const bytes = Number(run('du', ['-s', '--block-size=1', buildah('mount', container).trim()]).split('\t')[0])
      return { tag, bytes, seconds }
    },
    mount: (tag) => {
      const container = buildah('from', '--pull-never', tag).trim()
      containers.push(container)
      const { config = {} } = JSON.parse(buildah('inspect', '--type', 'image', tag)).OCIv1
      return {
        root: buildah('mount', container).trim(),
        user: config.User ?? '',
        entrypoint: config.Entrypoint ?? [],
        command: config.Cmd ?? [],
        workdir: config.WorkingDir ?? '/',
        env: Object.fromEntries((config.Env ?? []).map((pair: string) => pair.split(/=(.*)/s).slice(0, 2))),
      }
    },
    close: () => {
      for (const container of containers) buildah('rm', container)
    },
  }
}

/** In a mount namespace of its own: the root read-only, `writable` folders in memory, then the user's program. */
const inside = `
set -e
root=$1; user=$2; workdir=$3; writable=$4; shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc" 2>/dev/null || mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
for folder in $writable; do mkdir -p "$root$folder"; mount -t tmpfs -o mode=1777 tmpfs "$root$folder"; done
mount -o remount,bind,ro "$root"
if chroot "$root" sh -c 'echo x > /written' 2>/dev/null; then echo "the root file system can be written" >&2; exit 90; fi
exec chroot --userspec="$user" "$root" sh -c 'cd "$1" && shift && exec "$@"' sh "$workdir" "$@"
`

export interface RunOptions {
  readonly user: string
  readonly writable: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly args: readonly string[]
}

/** With the image's ENTRYPOINT; nothing of this machine's environment comes along. */
export const start = (image: Mounted, { user, writable, env, args }: RunOptions): ChildProcess =>
  spawn(
    'unshare',
    [
      ...['--mount', '--pid', '--fork', '--kill-child', 'sh', '-c', inside, 'sh'],
      ...[image.root, user, image.workdir, writable.join(' '), ...image.entrypoint, ...args],
    ],
    {
      // As container runtimes set it for a user that the image does not know.
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/', ...image.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A group of its own, so that all of it can be ended: chroot's change of user undoes --kill-child.
      detached: true,
    },
  )
