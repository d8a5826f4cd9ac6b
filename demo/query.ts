import { parseArgs } from 'node:util';
import { runProgram } from '../src/cli/program.ts';
import { OperatorError } from '../src/core/operatorError.ts';
import { FIRST_QUERY } from './addresses.ts';

/** `npm run demo:query [-- "{ … }"] [--gateway <url>]`: sends a query to the running demo and prints the response. */
async function main(args: readonly string[]): Promise<void> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { gateway: { type: 'string', default: 'http://127.0.0.1:4000' } },
  });
  const response = await fetch(`${values.gateway}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: positionals[0] ?? FIRST_QUERY }),
  }).catch(() => {
    throw new OperatorError([`Nothing listens at ${values.gateway}. Start the demo with npm run demo.`]);
  });
  console.log(JSON.stringify(await response.json(), null, 2));
}

await runProgram('demo:query', () => main(process.argv.slice(2)));
