/** Wrong use of a flag or argument, as opposed to a failure of the work itself: exit code 2. */
export class UsageError extends Error {
  readonly param: string

  constructor(param: string, message: string) {
    super(`${param}: ${message}`)
    this.name = 'UsageError'
    this.param = param
  }
}
