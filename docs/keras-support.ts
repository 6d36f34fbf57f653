/** docs/keras-support.md: what becomes of each layer, activation and operation of Keras, and how the models that Keras wrote fared. */
import { readFileSync } from 'node:fs'
import { activations } from '../layers/core/formats/adapters/activations.ts'
import { isKnownOperation } from '../layers/core/formats/adapters/operations/index.ts'
import { ruleNamed, supportOf } from '../layers/core/formats/keras/layer.ts'
import { ReportBuilder } from '../layers/core/formats/keras/report.ts'
import { ANY } from '../layers/core/formats/keras/rule.ts'
import { activationOf } from '../layers/core/formats/keras/values.ts'
import { type KerasResults, keptResults } from '../test/support/keras-results.ts'

interface Names {
  readonly keras: string
  readonly layers: readonly string[]
  readonly activations: readonly string[]
  readonly operations: readonly string[]
}

const namesUrl = new URL('../test/fixtures/keras/names.json', import.meta.url)

export const kerasSupport = (): string => {
  const names = JSON.parse(readFileSync(namesUrl, 'utf8')) as Names
  const results = keptResults('results.json')
  const applications = keptResults('applications.json')
  const layers = names.layers.map((name) => layerRow(name, results))
  const count = (status: string) => layers.filter((row) => row[1] === status).length
  return `# Keras support

Written by \`npm run docs\` from the conversion rules, from what Keras ${names.keras} offers, and from results measured on models that Keras wrote.

## Models
Each file is read and its answers are compared with Keras' own; with changed weights, and on other inputs, the same comparison must fail. Two numbers agree when
max|a-b| / max|b| is at most 1e-5; half precision, which is computed in float32 here, has 2e-3 (float16) and 1e-2 (bfloat16). The weights are decoded exactly;
what is left is that Keras rounds what goes into and comes out of such a layer to 11 and to 8 bits. With that rounding our numbers are Keras' within 1e-5
(\`test/unit/formats/keras/half.test.ts\`), but it is not Keras' alone: the same file asked in another Python process answered 1.9e-3 off in bfloat16.

${table(
  ['written by', 'models', 'files', 'load and agree', 'refused by name', 'differ', 'largest difference'],
  [
    ...Object.entries(results.files).map(([by, files]) => countsRow(by, files)),
    countsRow('all', Object.assign({}, ...prefixed(results))),
  ],
)}

Refused:

${refusedList(results)}

\`npm run keras-results\` measures again; the kernels tests fail when what is kept is not what they see.
How a model gets in: [Security](security.md#reading-a-model-file). What it may weigh: [Limits](limits.md).

### Architectures of \`keras.applications\`
Random weights, BatchNorm statistics measured and then moved, logits as output, 64x64 pictures or the smallest that the architecture takes; made by Keras ${names.keras} and not committed:
\`node test/tools/install.mjs keras && MAAS_KERAS_APPLICATIONS=1 npx vitest run --project kernels test/kernels/formats/applications.test.ts\`.

${table(
  ['model', 'largest difference'],
  Object.values(applications.files).flatMap((files) =>
    Object.entries(files).map(([file, outcome]) => [file, shown(outcome)]),
  ),
)}

## Layers
${layers.length} layers: ${count('supported')} computed by tfjs-layers itself, ${count('adapted')} by an adapter, ${count('refused')} refused. An option that is not
understood refuses the layer, by name. A refused or custom layer can be given to the SDK with \`registerLayer\` ([below](#layers-of-ones-own)).
"Files" are those of the fixtures that have the layer and agree.

${table(['layer', 'status', 'files', 'allowed only, and why'], layers)}

## Activations
${table(['activation', 'status'], names.activations.map(activationRow))}

## Operations
\`keras.ops\` in functional models (\`x * 2\`, \`keras.ops.mean(x)\`), computed by an adapter: ${names.operations.filter(isKnownOperation).map(code).join(', ')}.

Refused by name: the other ${names.operations.filter((name) => !isKnownOperation(name)).length}. \`Lambda\` is never executed.

## Weights alone
What \`model.save_weights('m.weights.h5')\` and \`model.to_json()\` wrote belong together: \`npx maas push m.weights.h5 --topology m.json --name m\`, also with
\`--url\`; in a program \`loadModel('m.weights.h5', { topology: 'm.json' })\`; over HTTP the import names the topology among its files (\`topology\`).

## Training that goes on
\`npx maas train --from model.h5 --data …\` starts with the file's weights, loss, optimiser (Adam, AdamW, SGD, RMSprop), its rates, weight decay and clipping by global norm, and its slots: the next 20 losses are those of
Keras within 1e-4, with fresh slots they are not (\`test/kernels/train/continue.test.ts\`, and \`fine-tuning.test.ts\` beside Python, opt-in; embeddings under Adam and RMSprop [differ](export.md#checked-against-the-readers)). Flags come over what the file says. What Keras would do differently (a loss from
logits, Nesterov, other betas) is refused and can be said anew with \`--optimizer\` and \`--loss\`. A \`.keras\` that Keras 3.15 writes after it wrote the same model as \`.h5\` has the loss and the slots but not the optimiser's name (Keras itself then goes on
with RMSprop): name it with \`--optimizer\`. Registered versions (\`--from name@alias\`) keep the slots of files up to 256 MiB and go on the same way; those of larger ones, of other formats and of versions that were trained here start
fresh, and the command says so. Data is prepared as for any training (images scaled to 0..1).

## Layers of one's own
\`\`\`ts
import { loadModel, registerLayer } from 'maas'

registerLayer('mine>Scaled', {
  weights: (options, [shape]) => [{ name: 'scale', shape: [shape.at(-1)] }],       // in the order in which Keras makes them
  call: ([x], { tf, options, weights }) => tf.mul(tf.mul(x, weights.scale), options.factor),   // options: its get_config()
})
const model = await loadModel('model.keras')
\`\`\`
This holds for models that run in your own process. \`maas push\` and the service refuse such a model: they run no code of their callers.
`
}

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')

const code = (text: string): string => `\`${text}\``

const shown = (outcome: number | string): string =>
  typeof outcome === 'number' ? outcome.toExponential(1) : `refused: ${outcome}`

const modelOf = (file: string): string => file.replace(/\.\w+$/, '')

type Files = KerasResults['files'][string]

const prefixed = ({ files }: KerasResults): Files[] =>
  Object.entries(files).map(([by, own]) =>
    Object.fromEntries(Object.entries(own).map(([file, outcome]) => [`${by}/${file}`, outcome])),
  )

/** Half precision has a tolerance of its own, and would hide the largest difference of the others. */
const HALF = /(^|\/)(float16|bfloat16|mixed_policy)\./

const countsRow = (by: string, files: Files): string[] => {
  const outcomes = Object.entries(files)
  const refused = outcomes.filter(([, outcome]) => typeof outcome === 'string')
  const numbers = outcomes.flatMap(([file, outcome]) =>
    typeof outcome === 'number' ? [{ outcome, half: HALF.test(file) }] : [],
  )
  const differ = numbers.filter(({ outcome, half }) => !(outcome <= (half ? 1e-2 : 1e-5)))
  const agree = numbers.length - differ.length
  const largest = Math.max(...numbers.filter(({ half }) => !half).map(({ outcome }) => outcome))
  const models = new Set(outcomes.map(([file]) => modelOf(file))).size
  const share = `${agree} (${((100 * agree) / outcomes.length).toFixed(1)} %)`
  return [by, models, outcomes.length, share, refused.length, differ.length, largest.toExponential(1)].map(String)
}

const refusedList = ({ files }: KerasResults): string =>
  Object.entries(files)
    .flatMap(([by, own]) =>
      Object.entries(own).flatMap(([file, outcome]) =>
        typeof outcome === 'string'
          ? [`- ${by}, ${code(file)}: ${outcome.replace(/^.*the model is refused: /, '')}`]
          : [],
      ),
    )
    .join('\n')

const layerRow = (name: string, { classes }: KerasResults): string[] => {
  const { status, why } = supportOf(name)
  const seen = classes[name]
  const only = Object.entries(ruleNamed(name)?.only ?? {}).flatMap(([option, allowed]) =>
    allowed === ANY ? [] : [code(`${option}=${allowedText(allowed)}`)],
  )
  const words = [
    ...only,
    ...(why === undefined ? [] : [why]),
    ...(status === 'refused' ? [] : (seen?.why ?? []).filter((one) => !SAID.has(one))),
  ]
  return [name, status, String(seen?.agree ?? 0), words.join('; ').replaceAll('|', '\\|')]
}

/** What the status or another row says already: an operation may be called like a layer. */
const SAID = new Set(['computed by an adapter', 'an operation on tensors'])

/** One number may be written as a list of equal ones. */
const allowedText = (allowed: readonly unknown[]): string =>
  allowed
    .filter((value) => !Array.isArray(value) || allowed.length === 1)
    .map((value) => (typeof value === 'string' ? value : JSON.stringify(value)))
    .join(' or ')

const activationRow = (name: string): string[] => {
  try {
    const meant = activationOf(name, { keras: 3, report: new ReportBuilder() }) ?? name
    return [name, Object.hasOwn(activations, meant) ? 'adapted' : 'supported']
  } catch (error) {
    return [name, `refused: ${(error as Error).message}`]
  }
}
