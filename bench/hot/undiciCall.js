import { createHash, createHmac, randomUUID } from 'node:crypto';
import { Pool } from 'undici';

/** The same call as that of the SDK with a client of its own: signed by ACS3-HMAC-SHA256 and sent by undici. */
export function createCall(simulatorUrl, projectId, { accessKeyId, accessKeySecret }) {
  const { origin, host } = new URL(simulatorUrl);
  const pool = new Pool(origin, { connections: 10 });
  const emptyBody = sha256('');
  return async (pageSize) => {
    const query = `PageNumber=1&PageSize=${pageSize}&ProjectId=${projectId}`;
    const headers = {
      host,
      'x-acs-action': 'ListPipelineRuns',
      'x-acs-content-sha256': emptyBody,
      'x-acs-date': new Date().toISOString().replace(/\.\d+/, ''),
      'x-acs-signature-nonce': randomUUID(),
      'x-acs-version': '2024-05-18',
    };
    const names = Object.keys(headers);
    const lines = names.map((name) => `${name}:${headers[name]}\n`).join('');
    const canonical = ['GET', '/', query, lines, names.join(';'), emptyBody].join('\n');
    const signature = createHmac('sha256', accessKeySecret)
      .update(`ACS3-HMAC-SHA256\n${sha256(canonical)}`)
      .digest('hex');
    const authorization = `ACS3-HMAC-SHA256 Credential=${accessKeyId},SignedHeaders=${names.join(';')},Signature=${signature}`;
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path: `/?${query}`,
      headers: { ...headers, authorization },
    });
    const answer = await body.json();
    if (statusCode !== 200)
      throw new Error(`The simulator answered ${statusCode}: ${JSON.stringify(answer)}`);
  };
}

function sha256(text) {
  return createHash('sha256').update(text).digest('hex');
}
