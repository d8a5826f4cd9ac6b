import js from '@eslint/js';
import globals from 'globals';
import tseslint from 'typescript-eslint';

const rooms = ['resolvers', 'loaders', 'cache', 'budget', 'upstream', 'http', 'simulator'];

/** What a room may import of `src` besides its own files. `model.ts` is everybody's; wiring is `gateway.ts`'s alone. */
const mayImport = {
  resolvers: ['model', 'errors', 'context', 'generated/graphql'],
  loaders: ['model', 'errors'],
  cache: ['model'],
  budget: ['model'],
  upstream: ['model'],
  http: ['model', 'errors', 'context'],
  simulator: [],
};

const outOfRoom = (room) => ({
  regex: `^\\.\\./(?!(?:${[...mayImport[room], '(?!)'].join('|')})\\.ts$)`,
  message: `src/${room} may import its own files and ${mayImport[room].map((name) => `${name}.ts`).join(', ') || 'nothing else of src'}. Rooms meet in model.ts and in gateway.ts.`,
});

/** Packages that have one importer. */
const onlyIn = {
  upstream: ['@alicloud/*'],
  http: ['fastify', '@fastify/*', '@as-integrations/fastify'],
};

const foreignPackages = (room) =>
  Object.entries(onlyIn)
    .filter(([owner]) => owner !== room)
    .map(([owner, group]) => ({ group, message: `Only src/${owner} imports this.` }));

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'src/generated'] },
  js.configs.recommended,
  {
    files: ['**/*.js'],
    languageOptions: { globals: globals.node },
  },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked, tseslint.configs.stylisticTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      'no-warning-comments': ['error', { terms: ['fixme', 'todo', 'xxx'] }],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      '@typescript-eslint/dot-notation': 'off',
    },
  },
  {
    files: ['src/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: foreignPackages('') }] },
  },
  ...rooms.map((room) => ({
    files: [`src/${room}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: [outOfRoom(room), ...foreignPackages(room)] }],
      // no-restricted-imports does not see import().
      'no-restricted-syntax': [
        'error',
        { selector: 'ImportExpression', message: 'Import statically, so that the layering rules see it.' },
      ],
    },
  })),
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config.ts', 'src/main.ts', 'src/demo.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        {
          object: 'process',
          property: 'env',
          message: 'Settings are read in main.ts and passed as a value.',
        },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/no-non-null-assertion': 'off',
      // An answer over HTTP has whatever shape the test asked for.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
    },
  },
);
