import tseslint from 'typescript-eslint';

/** Re-exports are how barrels and hidden edges in the import graph begin. */
const noReExports = [
  { selector: 'ExportAllDeclaration', message: 'Import from the defining module; no barrels.' },
  { selector: 'ExportNamedDeclaration[source]', message: 'Import from the defining module; no barrels.' },
];

/** The Raft core is run to completion by a driver: it neither waits nor schedules. */
const pureCore = [
  { selector: 'AwaitExpression', message: 'The Raft core never suspends; the driver waits.' },
  { selector: 'FunctionDeclaration[async=true]', message: 'The Raft core is synchronous.' },
  { selector: 'MethodDefinition > FunctionExpression[async=true]', message: 'The Raft core is synchronous.' },
  {
    selector: 'CallExpression[callee.name=/^(setTimeout|setInterval|setImmediate|queueMicrotask)$/]',
    message: 'The Raft core has no timers; the driver ticks it.',
  },
];

export default tseslint.config(
  {
    ignores: [
      'node_modules/',
      'dist/',
      'out/',
      '.cache/',
      '.vscode-test/',
      'extension/protocol/generated/',
      'test/fixtures/',
    ],
  },
  ...tseslint.configs.recommended,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/only-throw-error': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': ['error', { destructuring: 'all' }],
      'no-implicit-coercion': ['error', { boolean: false }],
      'no-promise-executor-return': 'off',
      'no-restricted-syntax': ['error', ...noReExports],
    },
  },
  {
    files: ['extension/**/*.ts', 'webview/**/*.ts'],
    rules: { 'no-console': 'error' },
  },
  {
    files: ['extension/engine/raft/**/*.ts'],
    ignores: ['extension/engine/raft/driver/**', 'extension/engine/raft/*driver*.ts'],
    rules: { 'no-restricted-syntax': ['error', ...noReExports, ...pureCore] },
  },
);
