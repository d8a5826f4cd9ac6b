import { graphqlSync } from 'graphql';
import { createSchema } from '../graphql/schema.ts';

/** `npm run schema:print`: the subgraph's SDL on standard output, to the letter what `_service { sdl }` answers to a router. */
function main(): void {
  const { data } = graphqlSync({ schema: createSchema(), source: '{ _service { sdl } }' });
  const { sdl } = data?.['_service'] as { sdl: string };
  process.stdout.write(`${sdl}\n`);
}

main();
