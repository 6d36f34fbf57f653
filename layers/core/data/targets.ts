/** What the y arrays mean: class numbers, one-hot rows, or values to predict. */
import { InvalidInputError } from '../errors.ts'
import type { NpyArray } from './npy.ts'
import type { PartName } from './split.ts'
import { count, nameSome } from './text.ts'

export interface Targets {
  readonly task: 'classification' | 'regression'
  readonly labels: readonly string[]
  readonly targets: Int32Array | Float32Array
}

/** More classes than this are almost certainly a column of values. */
export const mostClasses = 10_000

export function readTargets(
  parts: readonly { readonly part: PartName; readonly y: NpyArray }[],
  wanted: Targets['task'] | undefined,
  warnings: string[],
): Targets {
  const read = parts.map(({ part, y }) => ({ part, name: y.name, ...readValues(y) }))
  const whole = read.every((one) => one.whole)
  const task = wanted ?? (whole ? 'classification' : 'regression')
  if (wanted === undefined) {
    warnings.push(
      `${read[0]?.name} holds ${whole ? 'whole numbers, taken as classes' : 'fractions: regression'}; set task to change it.`,
    )
  }
  const all = read.flatMap(({ values }) => Array.from(values))
  if (task === 'regression') return { task, labels: [], targets: Float32Array.from(all) }
  const train = read.find((one) => one.part === 'train')?.values ?? new Float64Array()
  const classes = [...new Set(train)].sort((a, b) => a - b)
  if (classes.some((value) => !Number.isInteger(value)) || classes.length > mostClasses) {
    throw new InvalidInputError(
      `${read[0]?.name} has ${count(classes.length, 'different value')} such as ${classes[0]}, no class numbers. Use task regression, or whole numbers.`,
    )
  }
  if (classes.length < 2)
    throw new InvalidInputError(`${read[0]?.name} has one class only, ${classes[0]}: there is nothing to tell apart.`)
  const numberOf = new Map(classes.map((value, number) => [value, number]))
  for (const { name, values } of read) {
    const unknown = [...new Set(values)].filter((value) => !numberOf.has(value))
    if (unknown.length > 0) {
      throw new InvalidInputError(`${name} has classes that the train part lacks: ${nameSome(unknown.map(String))}.`)
    }
  }
  const targets = Int32Array.from(all, (value) => numberOf.get(value) as number)
  return { task, labels: classes.map(String), targets }
}

function readValues(y: NpyArray): { readonly values: Float64Array; readonly whole: boolean } {
  const [rows = 0, ...rest] = y.shape
  const columns = rest.reduce((product, size) => product * size, 1)
  const values = Float64Array.from(y.values as ArrayLike<number | bigint>, Number)
  const broken = values.findIndex((value) => !Number.isFinite(value))
  if (broken >= 0)
    throw new InvalidInputError(
      `${y.name}[${Math.floor(broken / columns)}] holds ${values[broken]}; targets must be numbers.`,
    )
  if (columns === 1) return { values, whole: y.whole }
  const oneHot = rest.length === 1 && isOneHot(values, columns)
  if (!oneHot) {
    throw new InvalidInputError(
      `${y.name} has shape (${y.shape.join(', ')}). Allowed: one target per row, or one-hot rows of 0 and 1.`,
    )
  }
  const numbers = Float64Array.from({ length: rows }, (_, row) =>
    values.subarray(row * columns, (row + 1) * columns).indexOf(1),
  )
  return { values: numbers, whole: true }
}

function isOneHot(values: Float64Array, columns: number): boolean {
  for (let row = 0; row < values.length; row += columns) {
    let sum = 0
    for (let column = 0; column < columns; column++) {
      const value = values[row + column]
      if (value !== 0 && value !== 1) return false
      sum += value
    }
    if (sum !== 1) return false
  }
  return true
}
