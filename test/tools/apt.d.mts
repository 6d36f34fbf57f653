export type AptTool = 'chromium'
export function findAptTool(name: AptTool, env?: NodeJS.ProcessEnv): string | undefined
