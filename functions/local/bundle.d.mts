// Types of bundle.mjs.

/**
 * The modules of `entry`, an absolute path, made unless the cache holds those of the same sources.
 * @throws whatever keeps them from being made, such as a folder that cannot be written
 */
export declare function bundleOf(entry: string): Promise<string>

/**
 * What starts `entry` as fast as can be: one file, of which the first run keeps what V8 compiled. `MAAS_PRELOAD` may
 * name a folder of kernels to load meanwhile.
 * @throws as `bundleOf`
 */
export declare function compiledOf(entry: string): Promise<string>
