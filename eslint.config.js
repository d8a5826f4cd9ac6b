import js from '@eslint/js';
import graphql from '@graphql-eslint/eslint-plugin';
import globals from 'globals';
import tseslint from 'typescript-eslint';

/** What each folder of `src` may import besides its own files. `gateway.ts` and `cli` compose the folders and may import all. */
const mayImport = {
  core: [],
  config: ['core'],
  upstream: ['core'],
  quota: ['core'],
  cache: ['core'],
  loaders: ['core'],
  graphql: ['core', 'loaders'],
  subscriptions: ['core', 'graphql'],
  auth: ['core'],
  responses: ['core'],
  http: ['core', 'auth', 'graphql', 'responses', 'subscriptions'],
  telemetry: ['core'],
};

const outsideOf = (folder) => ({
  regex: `^\\.\\./(?!(?:${[...mayImport[folder], '(?!)'].join('|')})/)`,
  message: `src/${folder} may import its own files and ${mayImport[folder].map((name) => `src/${name}`).join(', ') || 'nothing else of src'}. Folders are composed in src/gateway.ts.`,
});

/** Packages that have one importer. */
const onlyIn = {
  upstream: ['@alicloud/*'],
  http: ['@fastify/*', '@graphql-yoga/*'],
  auth: ['jose'],
  subscriptions: ['ws', 'graphql-ws'],
  graphql: ['graphql-jit'],
  telemetry: ['pino', 'prom-client', '@opentelemetry/api'],
};

const foreignPackages = (folder) =>
  Object.entries(onlyIn)
    .filter(([owner]) => owner !== folder)
    .map(([owner, group]) => ({ group, message: `Only src/${owner} imports this.` }));

/** What `schema.graphql` imports by its @link; the plugin finds them by itself only where a schema *extension* has that. */
const federationDirectives = `
  directive @link(url: String!, import: [String!]) repeatable on SCHEMA
  directive @key(fields: String!) repeatable on OBJECT
  directive @shareable on OBJECT | FIELD_DEFINITION
  directive @tag(name: String!) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
`;

export default tseslint.config(
  { ignores: ['dist', 'coverage', 'src/graphql/generated.ts', 'examples/dashboard'] },
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
  ...Object.keys(mayImport).map((folder) => ({
    files: [`src/${folder}/**/*.ts`],
    rules: {
      'no-restricted-imports': ['error', { patterns: [outsideOf(folder), ...foreignPackages(folder)] }],
      // no-restricted-imports does not see import().
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportExpression > Literal[value=/^\\./]',
          message: 'Import own files statically, so that the layering rules see it.',
        },
      ],
    },
  })),
  {
    files: ['simulator/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^\\.\\./', message: 'The simulator shares no code with the gateway.' }] },
      ],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/config/*.ts', 'src/cli/*.ts'],
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
  {
    files: ['schema.graphql'],
    plugins: { '@graphql-eslint': graphql },
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: ['schema.graphql', federationDirectives] } },
    },
    rules: {
      ...graphql.configs['flat/schema-recommended'].rules,
      ...graphql.configs['flat/schema-relay'].rules,
      // One line where one suffices: as blocks, the descriptions would be most of the file's lines.
      '@graphql-eslint/description-style': 'off',
      '@graphql-eslint/require-description': [
        'error',
        {
          types: true,
          rootField: true,
          FieldDefinition: true,
          InputValueDefinition: true,
          EnumValueDefinition: true,
        },
      ],
      // DataWorks itself, and so everybody's links and tickets, call it the project id; `id` is the global one.
      '@graphql-eslint/no-typename-prefix': 'off',
      '@graphql-eslint/strict-id-in-types': [
        'error',
        // Stages and items exist within their run only, where no action of DataWorks finds them by an id. Events are over at once.
        {
          exceptions: {
            types: [
              'PageInfo',
              'PipelineRunStage',
              'PipelineRunItem',
              'PipelineRunUpdate',
              'PipelineRunListUpdate',
              'PipelineRunChange',
            ],
            suffixes: ['Connection', 'Edge'],
          },
        },
      ],
      '@graphql-eslint/relay-edge-types': [
        'error',
        // `nodes` beside `edges`, and `stages`, which are few and always read whole; an item is no Node, for it has no global id.
        { withEdgeSuffix: true, listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false },
      ],
    },
  },
);
