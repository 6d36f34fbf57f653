// Types of prebind.mjs.

/** @returns relocations bound; 0, file untouched, when it is no such ELF library */
export declare function prebindLibrary(path: string, other: string): Promise<number>
