/** How the classes are spread over the parts, as numbers and in words. */
import type { PartName } from './split.ts'
import { partNames } from './split.ts'
import { nameSome } from './text.ts'
import type { DataPart, DataReport } from './types.ts'

type Parts = Readonly<Record<PartName, DataPart>>

/** The largest class may have this many times the examples of the smallest before it is said. */
const unbalanced = 3

/** Examples per class; empty lists for regression. */
export function balanceOf(parts: Parts, labels: readonly string[]): DataReport['balance'] {
  const countsOf = ({ targets }: DataPart) => {
    const counts = new Array<number>(labels.length).fill(0)
    if (labels.length > 0) for (const target of targets) counts[target] = (counts[target] ?? 0) + 1
    return counts
  }
  return { train: countsOf(parts.train), validation: countsOf(parts.validation), test: countsOf(parts.test) }
}

export function describeBalance(balance: DataReport['balance'], parts: Parts, labels: readonly string[]): string[] {
  const warnings: string[] = []
  for (const name of partNames) {
    if (parts[name].examples === 0) {
      warnings.push(`There is no ${name} part${name === 'validation' ? ': overfitting cannot be seen' : ''}.`)
      continue
    }
    const absent = labels.filter((_, number) => balance[name][number] === 0)
    if (absent.length > 0) warnings.push(`The ${name} part has no example of ${nameSome(absent)}.`)
  }
  const [fewest = 0, most = 0] = [Math.min(...balance.train), Math.max(...balance.train)]
  if (labels.length > 0 && fewest > 0 && most >= unbalanced * fewest) {
    const label = (examples: number) => labels[balance.train.indexOf(examples)]
    warnings.push(
      `The classes are unbalanced: '${label(most)}' has ${most} examples to train on, '${label(fewest)}' ${fewest} (${Math.round(most / fewest)} times fewer). Accuracy alone will mislead; look at each class.`,
    )
  }
  return warnings
}
