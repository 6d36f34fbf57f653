/** Findings of checkov that stay, each with the reason why. A finding that fits none fails the test; so does a reason without a finding. */

interface Skipped {
  readonly check: string
  /** `Type.LogicalId`. */
  readonly resource: RegExp
  readonly reason: string
}

export const skipped: readonly Skipped[] = []
