import Sequencer from '@jest/test-sequencer';

/** Files that take seconds. Without its cache, as in a fresh clone, jest starts with the largest files and these are small. */
const SLOW = [
  'e2e/dashboard',
  'http/stall',
  'http/explorer',
  'quota/redis',
  'scripts/build',
  'integration/lifecycle',
  'integration/unhandledRejections',
  'subscriptions/socketLifecycle',
  'integration/replicasMonotonic',
  'graphql/executionDifferential',
  'graphql/outputObjects',
  'http/connections',
  'integration/demo',
  'integration/truth',
  'integration/replicas',
];

/** Starts the slow files first, so that two workers end at the same time. */
export default class SlowestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const index = SLOW.findIndex((name) => path.replaceAll('\\', '/').endsWith(`/test/${name}.test.ts`));
      return index < 0 ? SLOW.length : index;
    };
    return [...super.sort(tests)].sort((one, other) => rank(one) - rank(other));
  }
}
