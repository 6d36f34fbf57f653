// Types of the line protocol, for our own peers, which are TypeScript.

export declare const say: (answer: unknown) => boolean

/** Announces `versions`, then answers `{"operation", ...arguments}` until stdin ends. */
export declare function serve(
  versions: Readonly<Record<string, string>>,
  operations: Readonly<Record<string, (request: never) => unknown>>,
): Promise<void>
