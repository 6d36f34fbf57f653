/** From a method and a path to the route they mean, its handler, and the checked parameters in the path. */
import { checked, type PathParameters, pathParameters, pathPattern, type Route } from '@maas/core/contract'
import type { Handler, Handlers } from './app.ts'

/** A route that has a handler. */
export interface Place {
  readonly route: Route
  readonly handler: Handler
  readonly pattern: RegExp
}

export interface Routing {
  /** The first in the table; undefined when no route is there. `HEAD` is `GET` without a body. */
  find(method: string, path: string): Place | undefined
  /** InvalidInputError names the parameter. `path` fits the place's pattern. */
  params(place: Place, path: string): PathParameters
  /** Methods of the routes at a path, and how the first of them speaks. */
  at(path: string): { readonly methods: readonly string[]; readonly route: Route } | undefined
}

/** Paths that are remembered: callers ask the same ones again and again. */
const mostKnown = 1000

export const createRouting = (routes: readonly Route[], handlers: Handlers): Routing => {
  const places = routes.flatMap((route): Place[] => {
    const handler = handlers[route.operation]
    return handler === undefined ? [] : [{ route, handler, pattern: patternOf(route) }]
  })
  const byMethod = new Map<string, Place[]>()
  for (const place of places) {
    byMethod.set(place.route.method, [...(byMethod.get(place.route.method) ?? []), place])
  }
  const known = new Map<string, { readonly place: Place; readonly params: PathParameters }>()

  return {
    find: (method, path) => {
      const asked = method === 'HEAD' ? 'GET' : method
      return known.get(`${asked} ${path}`)?.place ?? byMethod.get(asked)?.find(({ pattern }) => pattern.test(path))
    },
    params: (place, path) => {
      const key = `${place.route.method} ${path}`
      const before = known.get(key)
      if (before !== undefined) return before.params
      const params = paramsIn(place, path)
      if (known.size >= mostKnown) known.clear()
      known.set(key, { place, params })
      return params
    },
    at: (path) => {
      const here = places.filter(({ pattern }) => pattern.test(path))
      const [first] = here
      if (first === undefined) return undefined
      const methods = here.flatMap(({ route: { method } }) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
      return { methods, route: first.route }
    },
  }
}

/** AWS' clients end an endpoint's own path in a slash. */
const patternOf = ({ path, dialect }: Route): RegExp =>
  dialect === 'sagemaker' ? new RegExp(pathPattern(path).source.replace(/\$$/, '/?$')) : pathPattern(path)

const paramsIn = ({ pattern }: Place, path: string): PathParameters => {
  const groups = pattern.exec(path)?.groups ?? {}
  return Object.fromEntries(
    Object.entries(groups).map(([name, text]) => [
      name,
      checked<unknown>(pathParameters[name as keyof typeof pathParameters], unescaped(text), name),
    ]),
  )
}

const unescaped = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
