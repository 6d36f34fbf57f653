/** The import fences: which folder may import which, as one table, and the lint rules of Biome that follow from it. */

/** What each folder of layers/core may import of the others. */
export const coreImports: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  html: [],
  store: [],
  telemetry: [],
  kernels: ['contract'],
  http: ['contract', 'telemetry'],
  registry: ['contract', 'store'],
  jobs: ['contract', 'store'],
  predictions: ['contract', 'store'],
  keys: ['contract', 'http', 'store'],
  imports: ['contract', 'registry', 'store'],
  data: ['contract', 'kernels'],
  formats: ['contract', 'kernels'],
  graph: ['contract', 'kernels'],
  certificate: ['contract', 'data', 'graph'],
  train: ['contract', 'data', 'formats', 'graph', 'kernels', 'registry', 'store'],
  evaluate: ['contract', 'data', 'formats', 'graph', 'html', 'kernels', 'registry', 'store'],
  predict: ['certificate', 'contract', 'data', 'formats', 'graph', 'kernels', 'registry', 'store'],
  transform: ['contract', 'data', 'jobs', 'predict', 'registry', 'store'],
}

/** The deployables; each is a shell around core that knows no other, but for local, which composes them. */
export const deployables: readonly string[] = ['api', 'authorizer', 'check', 'events', 'predict', 'train']

interface Pattern {
  readonly group: readonly string[]
  readonly message: string
}

const tests: Pattern = { group: ['**/test/**'], message: 'nothing that ships imports test code' }
const cdk: Pattern = {
  group: ['aws-cdk-lib', 'aws-cdk-lib/**', 'constructs'],
  message: 'runtime code never imports the CDK',
}
const native: Pattern = {
  group: ['@maas/tfjs-node', '@tensorflow/tfjs-node', '@tensorflow/tfjs-node/**'],
  message: 'only layers/core/kernels names the native module: use its loadKernels()',
}
const edges: Pattern = {
  group: [...deployables, 'local'].map((name) => `@maas/${name}`).concat('**/functions/**', 'maas'),
  message: 'core never imports an edge',
}

const core = (folder: string, allowed: readonly string[]): Pattern => ({
  group: Object.keys(coreImports)
    .filter((other) => other !== folder && !allowed.includes(other))
    .flatMap((other) => [`../${other}/**`, `../../${other}/**`, `@maas/core/${other}`, `@maas/core/${other}/**`]),
  message: `core/${folder} may import ${allowed.join(', ') || 'nothing else'} of core: see docs/fences.ts`,
})

const otherDeployables = (folder: string): Pattern => ({
  group: [...deployables, 'local']
    .filter((other) => other !== folder)
    .flatMap((other) => [`@maas/${other}`, `@maas/${other}/**`, `../${other}/**`, `../../${other}/**`]),
  message: 'functions never import each other; functions/local alone composes them',
})

const infra: Pattern = {
  group: [
    ...[...deployables, 'local', 'tfjs-node'].flatMap((name) => [`@maas/${name}`, `@maas/${name}/**`]),
    ...Object.keys(coreImports)
      .filter((folder) => folder !== 'contract')
      .flatMap((folder) => [`@maas/core/${folder}`, `@maas/core/${folder}/**`]),
    '**/functions/**',
    '**/layers/**',
  ],
  message: 'infra names functions and layers by path; of core it may read the contract alone',
}

const fence = (includes: readonly string[], patterns: readonly Pattern[]): object => ({
  includes,
  linter: { rules: { style: { noRestrictedImports: { level: 'error', options: { patterns } } } } },
})

/** The text of biome.fences.json, which biome.json extends. Later rules replace earlier ones, so each folder has all of its own. */
export const fences = (): string => {
  const overrides = [
    ...Object.entries(coreImports).map(([folder, allowed]) =>
      fence(
        [`layers/core/${folder}/**`],
        [tests, cdk, edges, ...(folder === 'kernels' ? [] : [native]), core(folder, allowed)],
      ),
    ),
    ...deployables.map((folder) => fence([`functions/${folder}/**`], [tests, cdk, native, otherDeployables(folder)])),
    fence(['functions/local/**', 'sdk/**'], [tests, cdk, native]),
    fence(['infra/**'], [tests, infra]),
  ]
  return `${JSON.stringify({ overrides })}\n`
}
