import js from '@eslint/js'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'
import svelteConfig from './svelte.config.js'

// A promise that nobody awaits is an error that nobody sees.
const promises = {
  '@typescript-eslint/no-floating-promises': 'error',
  '@typescript-eslint/no-misused-promises': ['error', { checksVoidReturn: false }],
  '@typescript-eslint/await-thenable': 'error',
  '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
}

export default ts.config(
  { ignores: ['dist/', 'node_modules/', 'src/client/contract/'] },
  js.configs.recommended,
  ts.configs.strict,
  svelte.configs.recommended,
  {
    rules: {
      eqeqeq: 'error',
      // TypeScript knows which names exist, per environment.
      'no-undef': 'off',
      // People write texts, and texts may hold control characters: we look for them on purpose.
      'no-control-regex': 'off',
      // TypeScript counts private members too, and knows that ??= reads.
      'no-unused-private-class-members': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
    },
  },
  {
    files: ['src/**/*.ts'],
    ignores: ['src/client/**/*.test.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: { project: './tsconfig.json', extraFileExtensions: ['.svelte'] },
    },
    rules: promises,
  },
  {
    files: ['src/client/**/*.test.ts', 'tests/**/*.ts'],
    languageOptions: {
      globals: globals.node,
      parserOptions: { project: './tsconfig.node.json', extraFileExtensions: ['.svelte'] },
    },
    rules: promises,
  },
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: {
      globals: globals.browser,
      parserOptions: {
        project: './tsconfig.json',
        extraFileExtensions: ['.svelte'],
        parser: ts.parser,
        svelteConfig,
      },
    },
    rules: promises,
  },
  {
    // What browsers refuse in some places has one module each, which handles the refusal.
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    ignores: ['src/ui/stored.ts', 'src/ui/composing.ts', '**/*.test.ts'],
    rules: {
      'no-restricted-globals': [
        'error',
        ...['localStorage', 'sessionStorage'].map((name) => ({
          name,
          message: 'Use ui/stored: it cannot throw.',
        })),
      ],
      'no-restricted-properties': [
        'error',
        { object: 'crypto', property: 'randomUUID', message: 'Use newId: plain http has no randomUUID.' },
        { object: 'URL', property: 'canParse', message: 'Use try { new URL }: Safari 16 has no canParse.' },
        ...['localStorage', 'sessionStorage'].map((property) => ({
          property,
          message: 'Use ui/stored: it cannot throw.',
        })),
      ],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name="isComposing"]',
          message: 'Use composing(): WebKit ends a composition before it reports the key.',
        },
      ],
    },
  },
  {
    // The client is for any framework, and for none.
    files: ['src/client/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            {
              regex: '^svelte|\\.svelte$|^\\.\\./\\.\\./(?!client/)',
              message: 'The client knows no framework and no page.',
            },
          ],
        },
      ],
      'no-restricted-globals': ['error', 'window', 'document', 'localStorage', 'sessionStorage'],
    },
  },
  {
    files: ['scripts/**/*.mjs', '*.config.{js,ts}'],
    languageOptions: { globals: globals.node },
  },
)
