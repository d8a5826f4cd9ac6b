/**
 * Security headers of every response. The same as helmet's, which computes them anew for each response.
 *
 * @see https://helmetjs.github.io/
 */
export function securityHeadersFor(corsOrigins: readonly string[]): Readonly<Record<string, string>> {
  return {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    // With CORS_ORIGINS, CORS decides which pages may read responses.
    'cross-origin-resource-policy': corsOrigins.length > 0 ? 'cross-origin' : 'same-origin',
    'origin-agent-cluster': '?1',
    'referrer-policy': 'no-referrer',
    'strict-transport-security': 'max-age=31536000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    'x-dns-prefetch-control': 'off',
    'x-download-options': 'noopen',
    'x-frame-options': 'SAMEORIGIN',
    'x-permitted-cross-domain-policies': 'none',
    'x-xss-protection': '0',
  };
}

const DENY_BY_DEFAULT = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The policy of GraphiQL's page, which loads everything from the gateway and has no inline scripts. */
export const graphiqlPolicy = [
  DENY_BY_DEFAULT,
  "script-src 'self'",
  "worker-src 'self'",
  // Its editor, Monaco, writes themes and sizes into <style> elements and attributes, and supports no nonce.
  "style-src 'self' 'unsafe-inline'",
  // Fonts and images are data: URLs in its style sheet.
  'font-src data:',
  'img-src data:',
  "connect-src 'self'",
].join('; ');

const LANDING_PAGE = 'https://apollo-server-landing-page.cdn.apollographql.com';

/**
 * The policy of Apollo Sandbox's page as Apollo Server renders it: a script from Apollo's CDN adds a frame of Apollo's and sends the
 * frame's operations. Apollo's own policy in the page allows more hosts and leaves the other directives open.
 */
export function sandboxPolicy(page: string): string {
  const nonce = /<script nonce="([\w-]+)"/.exec(page)?.[1];
  const nonceSource = nonce === undefined ? '' : ` 'nonce-${nonce}'`;
  return [
    DENY_BY_DEFAULT,
    `script-src${nonceSource}`,
    `style-src${nonceSource} https://fonts.googleapis.com`,
    'font-src https://fonts.gstatic.com',
    `img-src ${LANDING_PAGE}`,
    `manifest-src ${LANDING_PAGE}`,
    'frame-src https://sandbox.embed.apollographql.com',
    "connect-src 'self'",
  ].join('; ');
}
