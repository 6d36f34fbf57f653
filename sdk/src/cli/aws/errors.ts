/** AWS's refusals in sentences that say what to do. */

const advice: Readonly<Record<string, string>> = {
  CredentialsProviderError:
    'No AWS credentials were found. Run `aws configure` or `aws sso login`, or set AWS_PROFILE.',
  ExpiredToken: 'The AWS credentials have expired: get new ones, e.g. `aws sso login`.',
  ExpiredTokenException: 'The AWS credentials have expired: get new ones, e.g. `aws sso login`.',
  InvalidClientTokenId: 'AWS does not know these credentials: check `aws sts get-caller-identity`.',
  UnrecognizedClientException: 'AWS does not know these credentials: check `aws sts get-caller-identity`.',
}

/** What happened and what to do, in one line. */
export const explainAws = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error)
  if (/region is missing/i.test(error.message)) return 'No AWS region is named. Set AWS_REGION, or give --region.'
  return advice[error.name] ?? `AWS: ${error.message.split('\n')[0]}`
}

/** Runs it; a failure is told in such a sentence. */
export const asking = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work()
  } catch (error) {
    throw new Error(explainAws(error), { cause: error })
  }
}
