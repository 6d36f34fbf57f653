/** Which version a failure is about, for logs, metrics and alarms: an answer says it by a header, an error cannot. */
const blamed = new WeakMap<object, number>()

export const onVersion = async <T>(version: number, task: () => Promise<T> | T): Promise<T> => {
  try {
    return await task()
  } catch (error) {
    if (typeof error === 'object' && error !== null) blamed.set(error, version)
    throw error
  }
}

/** Also of what the failure was made from; undefined when it is not known. */
export const blamedVersion = (error: unknown): number | undefined =>
  typeof error === 'object' && error !== null
    ? (blamed.get(error) ?? blamedVersion((error as { readonly cause?: unknown }).cause))
    : undefined
