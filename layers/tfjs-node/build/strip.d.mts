// Types of strip.mjs.

/** Drops a library's symbol table in place; false, file untouched, when it is not laid out as expected. */
export declare function stripLibrary(path: string): Promise<boolean>
