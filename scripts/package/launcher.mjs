// What stands at the head of a program, so that it says itself what it needs where that is missing.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const least = engines.node.replace(/^>=\s*/, '');
const [major, minor] = least.split('.');
const NEEDS = `coder-scim needs Node.js ${least} or newer`;
const TOO_OLD = `(([a, b]) => a < ${major} || (a == ${major} && b < ${minor}))(process.versions.node.split('.'))`;

const WHERE = 'where Terraform runs';
const NAMED = 'as node on PATH or named by CODER_SCIM_NODE';

/**
 * Of what Terraform starts. A shell script to a shell, and nothing to Node: the second line is text and a comment there. What
 * is missing is said on stdout, since that is the line that Terraform shows of a plugin which does not start.
 */
export const PLUGIN_HEAD = `#!/bin/sh
":" //; command -v "\${CODER_SCIM_NODE:-node}" >/dev/null 2>&1 && exec "\${CODER_SCIM_NODE:-node}" "$0" "$@"; echo "${NEEDS}, ${NAMED}, ${WHERE}; there is none"; exit 1
if (${TOO_OLD}) { console.log('${NEEDS}, ${NAMED}, ${WHERE}; ' + process.execPath + ' is ' + process.version); process.exit(1); }`;

/** The same for Windows, where the plugin's script lies beside it. */
export const WINDOWS_LAUNCHER = `@echo off\r
where node >nul 2>nul || (echo ${NEEDS}, as node on PATH, ${WHERE}; there is none& exit /b 1)\r
node "%~dp0coderscim.js" %*\r
`;

/** Of the command line, which npm starts with the Node that it finds. */
export const COMMAND_HEAD = `#!/usr/bin/env node
if (${TOO_OLD}) { console.error('error  ${NEEDS}; ' + process.execPath + ' is ' + process.version); process.exit(1); }`;
