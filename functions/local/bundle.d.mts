// Types of bundle.mjs.

/**
 * The bundle of `entry`, an absolute path, made unless the cache holds that of the same sources.
 * @throws whatever keeps it from being made, such as a folder that cannot be written
 */
export declare function bundleOf(entry: string): Promise<string>
