/** Turns the AWS SDK's errors into StorageErrors that name the permission, key or bucket to look at. */
import { MaasError, StorageError } from '../errors.ts'
import { SourceError } from './source.ts'

/** What each call needs from IAM, for the message of a refusal. */
const permissions = {
  read: 's3:GetObject',
  write: 's3:PutObject',
  delete: 's3:DeleteObject',
  list: 's3:ListBucket',
} as const

export type Action = keyof typeof permissions

export interface Place {
  readonly bucket: string
  /** Full key, or the prefix of a listing. */
  readonly key: string
}

interface Fault {
  readonly name: string
  readonly message: string
  readonly status: number | undefined
  /** errno of a network failure. */
  readonly code: string | undefined
}

const faultOf = (error: Error & { readonly $metadata?: { readonly httpStatusCode?: number } }): Fault => ({
  name: error.name,
  message: error.message,
  status: error.$metadata?.httpStatusCode,
  code: 'code' in error && typeof error.code === 'string' ? error.code : undefined,
})

const is = (error: unknown, names: readonly string[], status?: number): boolean => {
  if (!(error instanceof Error)) return false
  const fault = faultOf(error)
  return names.includes(fault.name) || (status !== undefined && fault.status === status)
}

/** A condition did not hold, or S3 saw a rival write at the same moment: the same thing to a caller. */
export const isConflict = (error: unknown): boolean =>
  is(error, ['PreconditionFailed', 'ConditionalRequestConflict'], 412)

export const isMissing = (error: unknown): boolean => is(error, ['NoSuchKey', 'NotFound'])

export const isBehindTheEnd = (error: unknown): boolean => is(error, ['InvalidRange'], 416)

const denied = (action: Action, { bucket, key }: Place, message: string): string => {
  const kms = /kms:\w+/.exec(message)?.[0]
  const key256 = /arn:aws[\w-]*:kms:\S+/.exec(message)?.[0]
  if (kms !== undefined) return `access denied: allow ${kms} on ${key256 ?? `the KMS key of bucket ${bucket}`}`
  if (action === 'list') return `access denied: allow ${permissions.list} on arn:aws:s3:::${bucket}`
  const hint = action === 'read' ? '; S3 says the same of absent keys where s3:ListBucket is not allowed' : ''
  return `access denied: allow ${permissions[action]} on arn:aws:s3:::${bucket}/${key}${hint}`
}

const credentialFaults = [
  'CredentialsProviderError',
  'ExpiredToken',
  'ExpiredTokenException',
  'InvalidAccessKeyId',
  'InvalidToken',
  'SignatureDoesNotMatch',
]
const busyFaults = [
  'SlowDown',
  'ThrottlingException',
  'TooManyRequestsException',
  'RequestLimitExceeded',
  'ServiceUnavailable',
]
const checksumFaults = ['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch']
const networkFaults = ['ECONNREFUSED', 'ECONNRESET', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH']

const reason = (
  fault: Fault,
  action: Action,
  place: Place,
): { readonly text: string; readonly retryAfter?: number } => {
  const { name, message, status, code } = fault
  if (name === 'NoSuchBucket') return { text: `bucket ${place.bucket} does not exist, or lies in another account` }
  if (name === 'PermanentRedirect' || name === 'AuthorizationHeaderMalformed' || status === 301) {
    return { text: `bucket ${place.bucket} lies in another region; set AWS_REGION to the bucket's region` }
  }
  if (/^KMS\./.test(name)) return { text: `the KMS key of bucket ${place.bucket} cannot be used: ${message}` }
  if (credentialFaults.includes(name)) return { text: `the AWS credentials are missing, wrong or expired: ${message}` }
  if (name === 'AccessDenied' || status === 403) return { text: denied(action, place, message) }
  if (/region is missing/i.test(message)) return { text: 'no AWS region is set; set AWS_REGION' }
  if (busyFaults.includes(name) || status === 429 || status === 503) {
    return { text: `S3 is throttling requests (${name}); repeat with fewer at a time`, retryAfter: 5 }
  }
  if (checksumFaults.includes(name) || /checksum mismatch/i.test(message)) {
    return { text: `the content was damaged on its way (${name}: ${message}); repeat`, retryAfter: 1 }
  }
  if (name === 'EntityTooLarge') return { text: 'the object is over the size that S3 takes' }
  if (name === 'TimeoutError' || networkFaults.includes(code ?? '')) {
    return { text: `S3 cannot be reached (${code ?? message}); check network and endpoint, then repeat`, retryAfter: 1 }
  }
  return { text: `${name}: ${message}`, ...(status !== undefined && status >= 500 && { retryAfter: 1 }) }
}

/** What to throw for anything that went wrong in a call to S3. */
export const s3Error = (error: unknown, action: Action, place: Place): unknown => {
  if (error instanceof SourceError) return error.cause
  if (error instanceof MaasError || !(error instanceof Error)) return error
  const { text, retryAfter } = reason(faultOf(error), action, place)
  return new StorageError(`cannot ${action} s3://${place.bucket}/${place.key}: ${text}`, {
    cause: error,
    ...(retryAfter !== undefined && { retryAfter }),
  })
}
