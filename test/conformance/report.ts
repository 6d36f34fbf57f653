/** What schemathesis' report and the service's log say together, in a few lines. */
import * as z from 'zod'

export const reportSchema = z.object({
  test_cases: z.object({ generated: z.number().int(), unique_failures: z.number().int() }),
  operations: z.object({ tested: z.number().int(), total: z.number().int() }),
  failures: z.array(z.object({ title: z.string(), count: z.number().int() })),
})
export type Report = z.infer<typeof reportSchema>

/** Lines to print, and whether all is well: enough cases, no failure, and no error that the service wrote down. */
export const judge = (
  { test_cases: cases, operations, failures }: Report,
  logged: readonly string[],
  least: number,
): { readonly lines: readonly string[]; readonly passed: boolean } => {
  const enough = cases.generated >= least
  return {
    lines: [
      `${cases.generated.toLocaleString('en-US')} cases of ${operations.tested} of ${operations.total} operations, ${cases.unique_failures} failures${enough ? '' : `; at least ${least.toLocaleString('en-US')} cases were asked for`}`,
      ...failures.map(({ title, count }) => `failed ${count}: ${title}`),
      ...logged.map((message) => `the service logged: ${message.split('\n')[0]}`),
    ],
    passed: enough && cases.unique_failures === 0 && logged.length === 0,
  }
}
