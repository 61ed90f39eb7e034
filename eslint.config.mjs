import js from '@eslint/js';
import tseslint from 'typescript-eslint';

// Who may import whom is not here: .dependency-cruiser.cjs.
export default tseslint.config(
  { ignores: ['dist', 'node_modules', '**/cdktf.out', '**/.gen', 'coverage'] },
  js.configs.recommended,
  ...tseslint.configs.recommendedTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      'no-console': 'off',
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
    // Who somebody is, is decided here; directory.ts and attributes.ts fold the types of attributes, which say nothing of that.
    files: ['bridge/{reconcile,coder,contract,store/accounts}/**/*.ts'],
    ignores: ['bridge/contract/directory.ts', 'bridge/contract/attributes.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        {
          selector: 'MemberExpression[property.name=/^(to(Locale)?(Lower|Upper)Case|localeCompare)$/]',
          message: 'names are compared by identityKey or isSameIdentity of bridge/contract/identity.ts',
        },
        {
          selector: 'TaggedTemplateExpression[tag.name="sql"] TemplateElement[value.raw=/\\b(lower|upper)\\(/i]',
          message: 'what the database folds decides nothing about who somebody is: see bridge/contract/identity.ts',
        },
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
