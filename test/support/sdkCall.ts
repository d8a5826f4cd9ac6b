import openApi from '@alicloud/openapi-client';
import type { Simulator } from '../../simulator/server.ts';

export type Params = Record<string, string | number>;

export interface SdkRequest {
  method?: 'GET' | 'POST';
  query?: Params;
  body?: Params;
}

/** What the SDK resolves to. */
export interface SdkResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: string;
}

/**
 * Calls the simulator with the real SDK, including its signature, because the gateway sees responses and faults as the SDK reports
 * them. The body is text, which preserves every digit.
 */
export async function callWithSdk(
  { accessKeyId, accessKeySecret, host: endpoint }: Simulator,
  action: string,
  { method = 'GET', ...request }: SdkRequest,
): Promise<SdkResponse> {
  const client = new openApi.default(
    new openApi.Config({ accessKeyId, accessKeySecret, endpoint, protocol: 'http' }),
  );
  const params = new openApi.Params({
    action,
    version: '2024-05-18',
    protocol: 'HTTP',
    pathname: '/',
    method,
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'string',
  });
  const runtime = { readTimeout: 5000, connectTimeout: 5000 } as unknown as Parameters<
    typeof client.callApi
  >[2];
  return (await client.callApi(params, new openApi.OpenApiRequest(request), runtime)) as SdkResponse;
}
