/** Models from elsewhere: uploads, imports, and what turns a vetted import into a version. Knows nothing of kernels. */
export * from './imports.ts'
export * from './keys.ts'
export * from './register.ts'
export * from './replay-first.ts'
export * from './uploads.ts'
