import { graphqlSync } from 'graphql';
import { createSchema } from '../graphql/schema.ts';

/** `npm run schema:print`: the subgraph's SDL on standard output, exactly as `_service { sdl }` returns it to a router. */
function main(): void {
  const { data } = graphqlSync({ schema: createSchema(), source: '{ _service { sdl } }' });
  const { sdl } = data?.['_service'] as { sdl: string };
  process.stdout.write(`${sdl}\n`);
}

main();
