/** The client as a package of its own: ESM, CommonJS and browser form with types, and no dependency at all. */
import { execFile } from 'node:child_process'
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type BuildOptions, build } from 'esbuild'

const sdk = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const run = promisify(execFile)

/** Writes the package into `folder`, which is emptied first. */
export const buildPackage = async (folder: string): Promise<void> => {
  await rm(folder, { recursive: true, force: true })
  await mkdir(join(folder, 'cjs'), { recursive: true })
  const work = await mkdtemp(join(tmpdir(), 'maas-sdk-'))
  try {
    const source = join(work, 'src')
    await copyClient(source)
    await bundle(source, join(folder, 'esm/index.js'), { format: 'esm', platform: 'node' })
    await bundle(source, join(folder, 'cjs/index.js'), { format: 'cjs', platform: 'node' })
    await declare(work, join(folder, 'esm'))
    await cp(join(folder, 'esm'), join(folder, 'cjs'), { recursive: true, filter: (path) => !path.endsWith('.js') })
    await rename(join(source, 'uploads/absent.ts'), join(source, 'uploads/send.ts'))
    await bundle(source, join(folder, 'browser/index.js'), { format: 'esm', platform: 'browser', minify: true })
  } finally {
    await rm(work, { recursive: true, force: true })
  }
  await writeJson(join(folder, 'cjs/package.json'), { type: 'commonjs' })
  await writeJson(join(folder, 'package.json'), await manifest())
  await cp(join(sdk, 'README.md'), join(folder, 'README.md'))
}

/** The sources without the command line, and without what runs models in this process: nothing of core is left to import. */
const copyClient = async (source: string): Promise<void> => {
  const left = [join(sdk, 'src/cli'), join(sdk, 'src/local/errors.ts')]
  await cp(join(sdk, 'src'), source, { recursive: true, filter: (path) => !left.includes(path) })
  await rename(join(source, 'local/absent.ts'), join(source, 'local/model.ts'))
  await rename(join(source, 'absent-layers.ts'), join(source, 'layers.ts'))
}

const bundle = async (source: string, outfile: string, options: BuildOptions): Promise<void> => {
  await build({
    entryPoints: [join(source, 'index.ts')],
    outfile,
    bundle: true,
    keepNames: true,
    target: 'es2023',
    logLevel: 'silent',
    legalComments: 'none',
    ...options,
  })
}

/** Types, file by file; a reference to anything outside of the client would not compile here. */
const declare = async (work: string, outDir: string): Promise<void> => {
  const typeRoots = [join(dirname(require.resolve('@types/node/package.json')), '..')]
  await writeJson(join(work, 'tsconfig.json'), {
    extends: join(sdk, '../tsconfig.json'),
    compilerOptions: {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      rootDir: 'src',
      outDir,
      typeRoots,
    },
    files: ['src/index.ts'],
    include: [],
  })
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc')
  await run(process.execPath, [tsc, '-p', work]).catch((error: { stdout?: string }) => {
    throw new Error(`the client's types do not stand alone:\n${error.stdout ?? String(error)}`)
  })
  for (const name of await readdir(outDir, { recursive: true })) {
    if (!name.endsWith('.d.ts')) continue
    const text = await readFile(join(outDir, name), 'utf8')
    await writeFile(join(outDir, name), text.replace(/((?:from|import\()\s*'\.[^']*)\.ts'/g, "$1.js'"))
  }
}

const manifest = async (): Promise<Readonly<Record<string, unknown>>> => {
  const { name, version, license } = JSON.parse(await readFile(join(sdk, 'package.json'), 'utf8')) as Record<
    string,
    string
  >
  return {
    name,
    version,
    license,
    description: 'Client of a maas service: models as functions, without dependencies',
    type: 'module',
    sideEffects: false,
    engines: { node: '>=20.19' },
    main: './cjs/index.js',
    types: './cjs/index.d.ts',
    exports: {
      '.': {
        browser: { types: './esm/index.d.ts', default: './browser/index.js' },
        import: { types: './esm/index.d.ts', default: './esm/index.js' },
        require: { types: './cjs/index.d.ts', default: './cjs/index.js' },
      },
      './package.json': './package.json',
    },
    browser: './browser/index.js',
    files: ['esm', 'cjs', 'browser'],
  }
}

const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, null, 2)}\n`)
