// Types of unpack.cjs.

/** Says what to do; shown as it is. */
export declare class UnpackError extends Error {}

/** Unpacks a layer's kernels once; answers with the folder that holds them, complete. */
export declare function unpack(options: { readonly packed: string; readonly into: string }): Promise<string>
