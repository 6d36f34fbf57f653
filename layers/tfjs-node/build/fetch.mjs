// Downloads one pinned wheel with the user's own pip, so that their index, proxy and certificates apply.
// @ts-check
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KernelsError } from './errors.mjs'

/**
 * @typedef {object} FetchOptions
 * @property {import('./target.mjs').Wheel} wheel
 * @property {string} version
 * @property {string} directory an empty folder to download into
 * @property {import('./run.mjs').Run} run
 * @property {(fraction: number) => void} onFraction
 * @property {NodeJS.ProcessEnv} env
 * @property {AbortSignal | undefined} signal
 */

/**
 * @param {FetchOptions} options
 * @returns {Promise<string>} path of the wheel; its hash has been checked by pip
 */
export async function fetchWheel({ wheel, version, directory, run, onFraction, env, signal }) {
  const partial = join(directory, 'partial')
  await mkdir(partial, { recursive: true })
  const requirements = join(directory, 'requirements.txt')
  await writeFile(requirements, `${wheel.package}==${version} --hash=sha256:${wheel.sha256}\n`)
  const watching = setInterval(async () => {
    const size = await largestFile(partial)
    onFraction(Math.min(size / wheel.bytes, 1))
  }, 250)
  try {
    const ran = await run(
      env.PYTHON ?? 'python3',
      [
        ...['-m', 'pip', 'download', '--quiet', '--no-input', '--no-cache-dir', '--no-deps'],
        ...['--require-hashes', '--only-binary=:all:', '--platform', wheel.tag],
        ...['--implementation', 'cp', '--python-version', '3.11'],
        ...['--dest', directory, '--requirement', requirements],
      ],
      {
        env: { ...env, TMPDIR: partial, PIP_DISABLE_PIP_VERSION_CHECK: '1', PIP_REQUIRE_VIRTUALENV: '0' },
        signal,
      },
    )
    if (ran.status !== 0) throw explain(ran, `${wheel.package} ${version}`)
  } finally {
    clearInterval(watching)
  }
  const file = (await readdir(directory)).find((name) => name.endsWith('.whl'))
  if (file === undefined) {
    throw new KernelsError(
      'pip',
      `pip said it downloaded ${wheel.package} ${version} but left no wheel behind. Run the build again.`,
    )
  }
  return join(directory, file)
}

/** @type {readonly [RegExp, string, string][]} what pip says, our code for it, what to do */
const knownFailures = [
  [
    /ENOENT/,
    'python',
    'python3 was not found. Install Python 3.9 or newer with pip (Debian: apt-get install python3-pip), or set PYTHON to its path.',
  ],
  [
    /No module named pip/,
    'pip',
    'python3 has no pip. Install it: apt-get install python3-pip, or python3 -m ensurepip.',
  ],
  [
    /DO NOT MATCH THE HASHES/,
    'hash',
    'the downloaded file is not the pinned one (its SHA-256 differs), so it was thrown away. Try again; if it stays so, the package index or mirror that pip uses serves a changed file: check `python3 -m pip config list`.',
  ],
  [
    /No space left on device|Errno 28/,
    'disk',
    'the disk filled up during the download. Free some space or set XDG_CACHE_HOME to a larger disk.',
  ],
  [
    /name resolution|NewConnectionError|ConnectionError|ProxyError|timed out|Connection (refused|reset)|Network is unreachable|SSLError|CERTIFICATE|Max retries/i,
    'network',
    'the package index could not be reached. Check the network and proxy (`python3 -m pip config list`), or put the wheel into a folder and set PIP_FIND_LINKS and PIP_NO_INDEX=1.',
  ],
  [
    /No matching distribution|Could not find a version/,
    'index',
    'the package index that pip uses does not offer it (or could not be reached). Check the network, `python3 -m pip config list`, and that pip is 20.3 or newer.',
  ],
]

/**
 * @param {import('./run.mjs').Ran} ran
 * @param {string} what
 */
function explain({ status, output }, what) {
  for (const [pattern, code, advice] of knownFailures) {
    if (pattern.test(output)) return new KernelsError(code, `Cannot download ${what}: ${advice}`)
  }
  const last = output.trim().split('\n').at(-1) ?? ''
  return new KernelsError(
    'pip',
    `Cannot download ${what}: pip ended with code ${status} (${last}). Run the build again.`,
  )
}

/**
 * @param {string} directory
 * @returns {Promise<number>} bytes of the largest file below it, the download in progress
 */
async function largestFile(directory) {
  let largest = 0
  const names = await readdir(directory, { recursive: true }).catch(() => [])
  for (const name of names) {
    const found = await stat(join(directory, name)).catch(() => undefined)
    if (found?.isFile() && found.size > largest) largest = found.size
  }
  return largest
}
