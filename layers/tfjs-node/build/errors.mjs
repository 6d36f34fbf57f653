// The one error of this package: a sentence that says what happened and what to do about it.
// @ts-check

/** Something a person can act on; printed without a stack trace. */
export class KernelsError extends Error {
  /**
   * @param {string} code stable word for programs, e.g. `network`
   * @param {string} message what was got, what is allowed, what to do
   * @param {{ cause?: unknown }} [options]
   */
  constructor(code, message, options) {
    super(message, options)
    this.name = 'KernelsError'
    this.code = code
  }
}

/** A request this command does not understand: exit code 2. */
export class UsageError extends KernelsError {
  /** @param {string} message */
  constructor(message) {
    super('usage', message)
    this.name = 'UsageError'
  }
}

/**
 * @param {unknown} error
 * @returns {string | undefined} the system's error code, such as ENOSPC
 */
export function systemCode(error) {
  const code = /** @type {{ code?: unknown } | undefined} */ (error)?.code
  return typeof code === 'string' ? code : undefined
}
