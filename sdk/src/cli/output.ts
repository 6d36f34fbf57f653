/** What commands print: sentences and tables for people, or with `--json` one object a line; failures and progress go to standard error. */
import { table } from './table.ts'

export interface Output {
  readonly json: boolean
  /** Whether a person watches: progress bars only then. */
  readonly interactive: boolean
  /** For people; silent with `--json`. */
  line(text?: string): void
  table(header: readonly string[], rows: readonly (readonly string[])[]): void
  /** For machines; silent without `--json`. */
  data(value: unknown): void
  /** A passing remark on standard error, for people. */
  note(text: string): void
  failure(error: unknown): void
  /** Ends with 1 although nothing was thrown: e.g. doctor found something broken. */
  markFailed(): void
  exitCode(): number
}

/** Fields of an error worth giving to a program; never a stack. */
const describe = (error: unknown): Record<string, unknown> => {
  if (!(error instanceof Error)) return { message: String(error) }
  const { code, param } = error as { code?: unknown; param?: unknown }
  return { code: typeof code === 'string' ? code : 'internal', message: error.message, ...(param ? { param } : {}) }
}

export const createOutput = ({ json }: { readonly json: boolean }): Output => {
  let failed = false
  const out = (text: string): void => void process.stdout.write(`${text}\n`)
  const err = (text: string): void => void process.stderr.write(`${text}\n`)
  return {
    json,
    interactive: !json && process.stderr.isTTY === true,
    line: (text = '') => {
      if (!json) out(text)
    },
    table: (header, rows) => {
      if (!json) out(table(header, rows, process.stdout.columns ?? 120))
    },
    data: (value) => {
      if (json) out(JSON.stringify(value))
    },
    note: (text) => {
      if (!json) err(text)
    },
    failure: (error) => {
      const { message, ...rest } = describe(error)
      if (json) out(JSON.stringify({ error: { message, ...rest } }))
      else err(`maas: ${message}`)
      if (process.env.MAAS_DEBUG && error instanceof Error) err(error.stack ?? '')
    },
    markFailed: () => {
      failed = true
    },
    exitCode: () => (failed ? 1 : 0),
  }
}
