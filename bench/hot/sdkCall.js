import OpenApi from '@alicloud/openapi-client';

/** One call of the SDK as its documentation writes it: signed, sent, and its JSON parsed. */
export function createCall(simulatorUrl, projectId, credentials) {
  const { default: Client, Config, OpenApiRequest, Params } = OpenApi;
  const sdk = new Client(
    new Config({ ...credentials, endpoint: new URL(simulatorUrl).host, protocol: 'http' }),
  );
  const params = new Params({
    action: 'ListPipelineRuns',
    version: '2024-05-18',
    protocol: 'http',
    pathname: '/',
    method: 'GET',
    authType: 'AK',
    style: 'RPC',
    reqBodyType: 'formData',
    bodyType: 'json',
  });
  return async (pageSize) => {
    const query = { ProjectId: projectId, PageNumber: '1', PageSize: String(pageSize) };
    await sdk.callApi(params, new OpenApiRequest({ query }), {});
  };
}
