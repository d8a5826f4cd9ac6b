/**
 * The workspaces on offer. DataWorks has no list of those that a reader may see, so they are a setting of the build,
 * `VITE_PROJECT_IDS=123,456`; by default those of the demo. Any other can be typed in.
 */
export const projectIds: readonly string[] = (
  (import.meta.env['VITE_PROJECT_IDS'] as string | undefined) ?? '10000,10001,10002,10003,10004'
)
  .split(',')
  .map((id) => id.trim())
  .filter((id) => id !== '');

export const defaultProjectId = projectIds[0] ?? '';
