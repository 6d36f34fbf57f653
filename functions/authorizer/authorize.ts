/** From an API key to what may be called with it, as an API Gateway policy: everything it does not name is refused. */
import { type ApiKey, apiKeyId, apiKeyPattern, apiKeySchema, type Right, type Route, routes } from '@maas/core/contract'
import { StorageError } from '@maas/core/errors'
import type { APIGatewayAuthorizerResult } from 'aws-lambda'

export interface AuthorizeDeps {
  /** The stored item, undefined when there is none. */
  readonly find: (id: string) => Promise<unknown>
  /** Value of the usage plan's key that requests of each right count against. */
  readonly usageKeys: Readonly<Record<Right, string>>
  /** Seconds since 1970. */
  readonly now: () => number
}

export interface AuthorizeRequest {
  readonly key: string | undefined
  /** `arn:…:{api}/{stage}/{METHOD}/{path}` of the call. */
  readonly methodArn: string
}

/** Undefined for keys that are unknown or have expired. */
export const authorize = async (
  { key, methodArn }: AuthorizeRequest,
  { find, usageKeys, now }: AuthorizeDeps,
): Promise<APIGatewayAuthorizerResult | undefined> => {
  if (key === undefined || !apiKeyPattern.test(key)) return undefined
  const id = apiKeyId(key)
  const item = await find(id)
  if (item === undefined) return undefined
  const found = apiKeySchema.safeParse(item)
  if (!found.success) throw new StorageError(`the stored key ${id} is damaged: ${found.error.message}`)
  const { name, rights, expires } = found.data
  if (expires !== undefined && expires <= now()) return undefined
  const stage = methodArn.split('/').slice(0, 2).join('/')
  return {
    principalId: name,
    policyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: 'execute-api:Invoke',
          Resource: pathsOf(found.data).map((path) => `${stage}/${path}`),
        },
      ],
    },
    usageIdentifierKey: usageKeys[rights.includes('control') ? 'control' : 'data'],
    // The functions count against it; the part that only this one needs stays here.
    context: { key: id.slice(4, 16), name, id: id.slice(4), record: JSON.stringify(found.data) },
  }
}

/**
 * `METHOD/path` patterns from the route table. A policy may take 8 KB, so routes are told apart by what comes before
 * their first parameter, which is the model, by method only where a route of nobody's or of another right would match
 * too, and both versions of the prediction protocol share a pattern: `?` is one character.
 */
export const pathsOf = ({ rights, models }: Pick<ApiKey, 'rights' | 'models'>): string[] => {
  const allowed = ({ right }: Route): boolean => right !== 'none' && rights.includes(right)
  const others = routes.filter((route) => !allowed(route))
  const isOwn = (head: string): boolean => !others.some((route) => reaches(head, route.path))
  /** Whether all that this method does below a first segment is allowed; no star in front lets others in. */
  const isAll = (method: string, first: string): boolean =>
    first !== '' &&
    !first.includes('{') &&
    routes.filter((route) => route.method === method && route.path.startsWith(`/${first}`)).every(allowed)
  const patterns = routes.filter(allowed).flatMap((route) => {
    const { path, right } = route
    const [head = '', ...rest] = path.slice(1).split(/\{(?:model|endpoint)\}/)
    // A key for some models names an endpoint by the model alone, and alias or version as its variant.
    const named = right === 'data' && rest.length > 0 ? models : undefined
    const method = isOwn(head) ? '*' : route.method
    const [first = ''] = head.split('/')
    if (method !== '*' && named === undefined && isAll(method, first)) return [`${method}/${first}*`]
    if (rest.length === 0) return [`${method}/${head.replace(/\{\w+\}/g, '*')}`]
    return (named ?? ['*']).flatMap((model) => {
      const [tail = ''] = rest
      return [`${method}/${head.replace(/^v\d\//, 'v?/')}${model}${tail === '' || model === '*' ? '' : `${tail[0]}*`}`]
    })
  })
  const all = [...new Set(patterns)]
  // A star matches slashes too: what lies below one that is allowed needs no pattern of its own.
  const covers = (one: string, other: string): boolean =>
    one !== other && one.endsWith('*') && other.startsWith(one.slice(0, -1))
  return all.filter((pattern) => !all.some((one) => covers(one, pattern)))
}

/**
 * Whether a star for the method would let `head` match inside this path: a star also matches slashes, and a parameter
 * can be any name, so that a model called `predictions` makes `/models/predictions/…` out of `/models/{model}/…`.
 */
const reaches = (head: string, path: string): boolean => {
  const [fixed = ''] = head.split('{')
  const wanted = fixed.split('/').filter((part) => part !== '')
  const there = path.slice(1).split('/')
  return there.some((_, start) =>
    wanted.every((part, index) => {
      const found = there[start + index]
      return found !== undefined && (found === part || found.startsWith('{'))
    }),
  )
}
