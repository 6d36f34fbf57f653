/** Which examples go to train, validation and test where the data itself does not say. */
import { mixSeed, shuffle } from './random.ts'

export const partNames = ['train', 'validation', 'test'] as const
export type PartName = (typeof partNames)[number]

/** For each example the number of its class, or 0 throughout when there are no classes. */
export type Classes = ArrayLike<number>

/**
 * Takes a share of the examples away from the rest, class by class, so that every class keeps its share (stratified).
 *
 * @param examples indices to choose from, ascending
 * @param share 0..1; a class never gives its last example away
 * @returns both sides in ascending order; the same seed and classes give the same sides
 */
export function takeShare(
  examples: Uint32Array,
  classes: Classes,
  share: number,
  seed: number,
): { readonly taken: Uint32Array; readonly rest: Uint32Array } {
  const byClass = new Map<number, number[]>()
  for (const example of examples) {
    const members = byClass.get(classes[example] as number)
    if (members === undefined) byClass.set(classes[example] as number, [example])
    else members.push(example)
  }
  const taken = new Set<number>()
  for (const [number, members] of byClass) {
    const quota = Math.min(Math.round(members.length * share), members.length - 1)
    for (const example of shuffle(members, mixSeed(seed, number)).slice(0, quota)) taken.add(example)
  }
  return {
    taken: examples.filter((example) => taken.has(example)),
    rest: examples.filter((example) => !taken.has(example)),
  }
}

export interface SplitShares {
  readonly validationSplit: number
  readonly testSplit: number
  readonly seed: number
}

/**
 * The three parts as indices into the examples given.
 *
 * @param given the part each example came in; parts that nothing came in are split off `train`
 */
export function splitExamples(
  given: readonly PartName[],
  classes: Classes,
  shares: SplitShares,
): { readonly parts: Record<PartName, Uint32Array>; readonly description: string } {
  const indicesOf = (name: PartName) => Uint32Array.from(given.flatMap((part, index) => (part === name ? [index] : [])))
  const parts: Record<PartName, Uint32Array> = {
    train: indicesOf('train'),
    validation: indicesOf('validation'),
    test: indicesOf('test'),
  }
  const said: string[] = []
  // Test goes first, so that its examples do not depend on how large the validation part is. Salts keep the draws apart.
  for (const [name, share, salt] of [
    ['test', shares.testSplit, 1],
    ['validation', shares.validationSplit, 2],
  ] as const) {
    if (parts[name].length > 0) {
      said.push(`${name} given`)
      continue
    }
    const { taken, rest } = takeShare(parts.train, classes, share, mixSeed(shares.seed, salt))
    parts[name] = taken
    parts.train = rest
    said.push(share > 0 ? `${name} ${round(share * 100)} % of train` : `no ${name}`)
  }
  const seeded = said.some((sentence) => sentence.includes('%'))
  return {
    parts,
    description: seeded ? `seeded: ${said.join(', ')}, seed ${shares.seed}` : `given: ${said.join(', ')}`,
  }
}

const round = (share: number): number => Math.round(share * 100) / 100
