import js from '@eslint/js';
import importX from 'eslint-plugin-import-x';
import tseslint from 'typescript-eslint';

// The import directions of the four runtimes. A zone reads: files under `target` may not import from `from`.
const zones = [
  {
    target: './bridge',
    from: ['./constructs', './provider', './examples', './test'],
    message: 'the bridge knows nothing of constructs or provider',
  },
  {
    target: './constructs',
    from: ['./examples', './test'],
    message: 'constructs import neither examples nor tests',
  },
  {
    target: './constructs',
    from: './provider',
    except: ['./address.ts'],
    message: 'constructs know of the provider only where its file goes',
  },
  {
    target: './constructs',
    from: './bridge',
    except: ['./contract/**'],
    message: 'constructs import bridge/contract only',
  },
  {
    target: './provider',
    from: ['./constructs', './examples', './test'],
    message: 'the provider never imports constructs',
  },
  {
    target: './provider',
    from: './bridge',
    except: ['./contract/**', './admin-client/**'],
    message: 'the provider uses contract and admin-client only',
  },
  {
    target: './provider/plugin',
    from: ['./bridge/**', './provider/*.ts'],
    message: 'the plugin protocol knows nothing of SCIM',
  },
  {
    target: './bridge/scim',
    from: ['./bridge/coder', './bridge/reconcile', './bridge/admin', './bridge/commands'],
    message: 'SCIM never talks to Coder',
  },
  {
    target: './bridge/reconcile',
    from: ['./bridge/scim', './bridge/admin', './bridge/commands'],
    message: 'the reconciler knows no HTTP',
  },
  {
    target: './bridge/coder',
    from: ['./bridge/scim', './bridge/reconcile', './bridge/store', './bridge/admin', './bridge/commands'],
    message: 'the Coder client stands alone',
  },
  {
    target: './bridge/store',
    from: ['./bridge/coder', './bridge/reconcile', './bridge/admin', './bridge/commands'],
    message: 'the store knows no Coder',
  },
  {
    target: ['./bridge', './provider', './constructs'],
    from: ['./bridge/main.ts', './provider/main.ts'],
    message: 'nobody imports main',
  },
];

export default tseslint.config(
  { ignores: ['dist', 'node_modules', '**/cdktf.out', '**/.gen', 'coverage'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: { 'import-x/resolver': { node: { extensions: ['.ts', '.js', '.json'] } } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'import-x/no-restricted-paths': ['error', { basePath: import.meta.dirname, zones }],
      'import-x/no-cycle': 'error',
      'no-console': 'off',
    },
  },
  {
    files: ['bridge/contract/**/*.ts'],
    rules: {
      'no-restricted-imports': [
        'error',
        { patterns: [{ regex: '^(?!zod$|node:crypto$)', message: 'a leaf imports zod alone' }] },
      ],
    },
  },
  {
    files: ['bridge/**/*.ts'],
    ignores: ['bridge/process/config.ts', 'bridge/commands/**', 'bridge/main.ts'],
    rules: {
      'no-restricted-properties': [
        'error',
        { object: 'process', property: 'env', message: 'bridge/process/config.ts is the only reader of process.env' },
      ],
    },
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      '@typescript-eslint/require-await': 'off',
      // Jest's asymmetric matchers are typed any.
      '@typescript-eslint/no-unsafe-assignment': 'off',
    },
  },
  { files: ['**/*.js', '**/*.mjs', '**/*.cjs'], ...tseslint.configs.disableTypeChecked },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: { module: 'writable', require: 'readonly', process: 'readonly', console: 'readonly', URL: 'readonly' },
    },
  },
);
