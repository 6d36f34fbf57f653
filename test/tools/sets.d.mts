// Types of the pinned tools, for tests and support code written in TypeScript.

export type SetName = 'base' | 'keras' | 'checks' | 'conformance'

export declare class ToolsError extends Error {}

export declare const marker: string
export declare const sets: Readonly<
  Record<SetName, { readonly file: string; readonly title: string; readonly size: string }>
>
export declare function toolsCacheDirectory(env?: NodeJS.ProcessEnv): string
export declare function requirementsPath(name: SetName): string
export declare function setDirectory(name: SetName, env?: NodeJS.ProcessEnv): string
/** The Python environment (programs in `bin/`), or undefined when it was never completed; `npm test` installs `base`. */
export declare function findTools(name: SetName, env?: NodeJS.ProcessEnv): string | undefined
