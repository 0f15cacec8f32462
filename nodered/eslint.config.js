'use strict'

const js = require('@eslint/js')
const html = require('eslint-plugin-html')
const globals = require('globals')

const RULES = {
  ...js.configs.recommended.rules,
  'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
  'no-var': 'error',
  'prefer-const': 'error',
  eqeqeq: 'error',
  strict: ['error', 'safe'],
  'max-len': ['error', { code: 160 }]
}

module.exports = [
  {
    files: ['**/*.js'],
    languageOptions: { sourceType: 'commonjs', globals: globals.node },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: RULES
  },
  {
    files: ['nodes/resources/*.js'],
    languageOptions: { sourceType: 'script', globals: globals.browser },
    rules: RULES
  },
  {
    files: ['nodes/opsconductor-*/*.html', 'nodes/plugins/*.html'],
    plugins: { html },
    languageOptions: { sourceType: 'script', globals: { ...globals.browser, ...globals.jquery, RED: 'readonly', OpsConductor: 'writable' } },
    rules: { ...RULES, 'max-len': 'off' }
  }
]
