/** A content security policy: sources by directive. What is not named is refused. */
type Policy = Record<string, string[]>;

const nothingElse: Policy = {
  'default-src': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'none'"],
};

/** Of GraphiQL's page, which takes everything from the gateway itself and has no script inline. */
export const graphiqlPolicy = headerOf({
  ...nothingElse,
  'script-src': ["'self'"],
  'worker-src': ["'self'"],
  // Its editor, Monaco, writes themes and sizes into <style> elements and attributes as it goes, and knows no nonce.
  'style-src': ["'self'", "'unsafe-inline'"],
  // Its fonts and pictures are inside its style sheet; nothing is loaded by a data: URL.
  'font-src': ['data:'],
  'img-src': ['data:'],
  'connect-src': ["'self'"],
});

/**
 * Of Apollo Sandbox's page, as Apollo Server renders it: a script from Apollo's CDN puts a frame of Apollo's onto the page and
 * sends the frame's operations. Apollo's own policy stands in the page too, names more hosts, and leaves the rest open.
 */
export function sandboxPolicy(page: string): string {
  const nonce = /<script nonce="([\w-]+)"/.exec(page)?.[1];
  const own = nonce === undefined ? [] : [`'nonce-${nonce}'`];
  return headerOf({
    ...nothingElse,
    'script-src': own,
    'style-src': [...own, 'https://fonts.googleapis.com'],
    'font-src': ['https://fonts.gstatic.com'],
    'img-src': [LANDING_PAGE],
    'manifest-src': [LANDING_PAGE],
    'frame-src': ['https://sandbox.embed.apollographql.com'],
    'connect-src': ["'self'"],
  });
}

const LANDING_PAGE = 'https://apollo-server-landing-page.cdn.apollographql.com';

function headerOf(policy: Policy): string {
  return Object.entries(policy)
    .map(([directive, sources]) => [directive, ...sources].join(' '))
    .join('; ');
}
