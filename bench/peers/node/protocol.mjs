// The Node end of the bench's line protocol: one JSON request a line on stdin, one JSON answer a line on stdout.
// @ts-check
import { createInterface } from 'node:readline'

/** @param {unknown} answer */
export const say = (answer) => process.stdout.write(`${JSON.stringify(answer)}\n`)

/**
 * Announces `versions`, then answers `{"operation", ...arguments}` until stdin ends.
 *
 * @param {Record<string, string>} versions
 * @param {Record<string, (request: any) => unknown>} operations
 */
export async function serve(versions, operations) {
  say({ ready: versions })
  for await (const line of createInterface({ input: process.stdin })) {
    const { operation, ...request } = JSON.parse(line)
    say(await /** @type {(request: any) => unknown} */ (operations[operation])(request))
  }
  process.exit(0)
}
