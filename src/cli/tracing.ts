/**
 * Starts the OpenTelemetry SDK if the standard variables configure it. Otherwise its packages are not loaded.
 *
 * @returns a function that sends the last spans and shuts the SDK down; null if tracing is not configured
 */
export async function startTracing(
  env: Readonly<Record<string, string | undefined>>,
): Promise<(() => Promise<void>) | null> {
  const exporterName = env['OTEL_TRACES_EXPORTER'] ?? (hasEndpoint(env) ? 'otlp' : 'none');
  if (env['OTEL_SDK_DISABLED'] === 'true' || exporterName === 'none') return null;
  const { registerOpenTelemetry } = await import('../telemetry/openTelemetry.ts');
  return registerOpenTelemetry(exporterName);
}

function hasEndpoint(env: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']);
}
