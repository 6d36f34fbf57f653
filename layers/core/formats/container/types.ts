/** A model that consists of several files. */

/** Content by path within the model's folder, `/`-separated. */
export type ModelFiles = ReadonlyMap<string, Uint8Array>
