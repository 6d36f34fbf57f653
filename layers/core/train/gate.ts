/** The gate: conditions on a candidate's metrics that decide whether an alias may move to it. */
import { InvalidInputError } from '../errors.ts'

export interface Condition {
  readonly metric: string
  readonly operator: '>=' | '<='
  readonly limit: number
}

export interface GateResult {
  readonly passed: boolean
  /** A sentence for the job record, e.g. `test_accuracy 0.655 >= 0.6: passed`. */
  readonly message: string
}

/** Parses `metric>=number` or `metric<=number`, several separated by commas. */
export const parseGate = (text: string): readonly Condition[] =>
  text.split(',').map((part) => parseCondition(part, text))

const parseCondition = (part: string, text: string): Condition => {
  const [, metric, operator, limit] = /^([a-z_0-9]+)(>=|<=)(-?\d+(?:\.\d+)?)$/.exec(part) ?? []
  if (metric === undefined || (operator !== '>=' && operator !== '<='))
    throw new InvalidInputError(
      `maas_gate: got "${text}"; allowed is a metric, >= or <=, and a number, e.g. test_accuracy>=0.6, or several separated by commas`,
      { param: 'maas_gate' },
    )
  return { metric, operator, limit: Number(limit) }
}

/** All must hold. A metric that the candidate lacks does not pass: a gate that cannot be checked must not let anything through. */
export const checkGate = (conditions: readonly Condition[], metrics: Readonly<Record<string, number>>): GateResult => {
  const results = conditions.map((condition) => checkCondition(condition, metrics))
  return { passed: results.every(({ passed }) => passed), message: results.map(({ message }) => message).join('; ') }
}

const checkCondition = (
  { limit, metric, operator }: Condition,
  metrics: Readonly<Record<string, number>>,
): GateResult => {
  const value = metrics[metric]
  if (value === undefined) {
    const known = Object.keys(metrics).sort().join(', ')
    return { passed: false, message: `${metric} was not measured; the candidate has ${known}: not passed` }
  }
  const passed = operator === '>=' ? value >= limit : value <= limit
  return { passed, message: `${metric} ${value} ${operator} ${limit}: ${passed ? 'passed' : 'not passed'}` }
}
