/**
 * Registers the OpenTelemetry SDK if the standard variables configure it. Otherwise its packages are not loaded. The
 * exporter, the sampler and the resource read their own `OTEL_…` variables.
 *
 * @returns a function that sends the last spans and shuts the SDK down; null if tracing is not configured
 */
export async function startTracing(
  env: Readonly<Record<string, string | undefined>>,
): Promise<(() => Promise<void>) | null> {
  const exporterName = env['OTEL_TRACES_EXPORTER'] ?? (hasEndpoint(env) ? 'otlp' : 'none');
  if (env['OTEL_SDK_DISABLED'] === 'true' || exporterName === 'none') return null;
  const [{ BatchSpanProcessor, ConsoleSpanExporter, NodeTracerProvider }, { OTLPTraceExporter }, resources] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = exporterName === 'console' ? new ConsoleSpanExporter() : new OTLPTraceExporter();
  const provider = new NodeTracerProvider({
    resource: resources
      .resourceFromAttributes({ 'service.name': 'dataworks-graphql-gateway' })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  provider.register();
  return () => provider.shutdown();
}

function hasEndpoint(env: Readonly<Record<string, string | undefined>>): boolean {
  return Boolean(env['OTEL_EXPORTER_OTLP_ENDPOINT'] ?? env['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT']);
}
