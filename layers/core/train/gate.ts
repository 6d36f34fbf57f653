/** The gate: one condition on a candidate's metrics that decides whether an alias may move to it. */
import { InvalidInputError } from '../errors.ts'

export interface Gate {
  readonly metric: string
  readonly operator: '>=' | '<='
  readonly limit: number
}

export interface GateResult {
  readonly passed: boolean
  /** A sentence for the job record, e.g. `test_accuracy 0.655 >= 0.6: passed`. */
  readonly message: string
}

/** Parses `metric>=number` or `metric<=number`. */
export const parseGate = (text: string): Gate => {
  const [, metric, operator, limit] = /^([a-z_0-9]+)(>=|<=)(-?\d+(?:\.\d+)?)$/.exec(text) ?? []
  if (metric === undefined || (operator !== '>=' && operator !== '<='))
    throw new InvalidInputError(
      `maas_gate: got "${text}"; allowed is a metric, >= or <=, and a number, e.g. test_accuracy>=0.6`,
      { param: 'maas_gate' },
    )
  return { metric, operator, limit: Number(limit) }
}

/** A metric that the candidate lacks does not pass: a gate that cannot be checked must not let anything through. */
export const checkGate = ({ limit, metric, operator }: Gate, metrics: Readonly<Record<string, number>>): GateResult => {
  const value = metrics[metric]
  if (value === undefined) {
    const known = Object.keys(metrics).sort().join(', ')
    return { passed: false, message: `${metric} was not measured; the candidate has ${known}: not passed` }
  }
  const passed = operator === '>=' ? value >= limit : value <= limit
  return { passed, message: `${metric} ${value} ${operator} ${limit}: ${passed ? 'passed' : 'not passed'}` }
}
