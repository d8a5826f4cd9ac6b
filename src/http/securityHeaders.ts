/**
 * What every answer tells browsers: to run nothing, to be framed nowhere, to guess no types. The headers that helmet sends, which
 * works out anew for each answer what is the same for all.
 *
 * @see https://helmetjs.github.io/
 */
export function securityHeadersFor(corsOrigins: readonly string[]): Readonly<Record<string, string>> {
  return {
    'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    'cross-origin-opener-policy': 'same-origin',
    // Pages that an origin of CORS_ORIGINS serves may read answers; CORS decides, and not this header.
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
