/** Sources of files: folders, zips, tars and single files behind one listing and one reader. */
export type { ReadOptions, Source, SourceEntry, SourceFile } from './entry.ts'
export { openSource } from './open.ts'

export const extensionOf = (path: string): string => /\.([^./]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''

export const isImagePath = (path: string): boolean => /\.(jpe?g|png|webp)$/i.test(path)
