/** Where uploads and imports lie in the object store: the one place that spells their keys. Every object is written once, by one role. */

export const uploadKeys = (id: string) => ({
  /** What was announced. */
  record: `uploads/${id}/upload.json`,
  /** Written when the file is whole. */
  complete: `uploads/${id}/complete.json`,
  /** Of files that nothing but an import needs. */
  file: (name: string) => `uploads/${id}/file/${name}`,
})

export const datasetKey = (path: string): string => `datasets/${path}`

export const importsPrefix = 'imports/'

export const importKeys = (id: string) => ({
  prefix: `${importsPrefix}${id}/`,
  /** What was asked for; by api. */
  request: `${importsPrefix}${id}/request.json`,
  /** All files have arrived; by api. Its creation is what check waits for. */
  ready: `${importsPrefix}${id}/ready.json`,
  /** The files of a version to be; by check. */
  candidate: `${importsPrefix}${id}/candidate/`,
  graph: `${importsPrefix}${id}/graph.pb`,
  /** What check found; by check, last. Its creation is what registration waits for. */
  verdict: `${importsPrefix}${id}/verdict.json`,
  /** What became of it; by the registering role. */
  outcome: `${importsPrefix}${id}/outcome.json`,
})

/** A version whose certificate is to be replayed; by api, for check. */
export const verifyKey = (id: string): string => `verifications/${id}.json`

/** What an object's key asks check to do. */
export const checkTaskOf = (key: string): { readonly import: string } | { readonly verify: string } | undefined => {
  const ready = /^imports\/([0-9a-f]{32})\/ready\.json$/.exec(key)?.[1]
  if (ready !== undefined) return { import: ready }
  return /^verifications\/[0-9a-f-]{36}\.json$/.test(key) ? { verify: key } : undefined
}

/** The import whose verdict has this key. */
export const verdictOf = (key: string): string | undefined => /^imports\/([0-9a-f]{32})\/verdict\.json$/.exec(key)?.[1]
