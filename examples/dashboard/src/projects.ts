/**
 * The workspaces in the picker. DataWorks has no list of the workspaces that a user may read, so they are set at build time with
 * `VITE_PROJECT_IDS=123,456`. Default: those of the demo. The user can enter any other.
 */
export const projectIds: readonly string[] = (
  (import.meta.env['VITE_PROJECT_IDS'] as string | undefined) ?? '10000,10001,10002,10003,10004'
)
  .split(',')
  .map((id) => id.trim())
  .filter((id) => id !== '');

export const defaultProjectId = projectIds[0] ?? '';
