// What stands at the head of a program, so that it says itself what it needs where that is missing.
import { readFileSync } from 'node:fs';

const { engines } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const least = engines.node.replace(/^>=\s*/, '');
const [major, minor] = least.split('.');
const NEEDS = `coder-scim needs Node.js ${least} or newer`;
const TOO_OLD = `(([a, b]) => a < ${major} || (a == ${major} && b < ${minor}))(process.versions.node.split('.'))`;

const WHERE = 'where Terraform runs';
const NAMED = 'as node on PATH or named by CODER_SCIM_NODE';

// Terraform starts the plugin three times for a plan. What V8 made of the text lies beside the plugin's folder, in what `terraform
// init` makes: who can write there can write the plugin, it goes when the stack's folder goes, and where it can't be written Node
// does without and says nothing.
const KEPT =
  'case "$0" in "${TF_DATA_DIR:-.terraform}"/providers/*) NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE-${TF_DATA_DIR:-.terraform}/coder-scim-compiled}"; export NODE_COMPILE_CACHE;; esac';

/**
 * Of what Terraform starts. A shell script to a shell, and nothing to Node: the second line is text and a comment there. What
 * is missing is said on stdout, since that is the line that Terraform shows of a plugin which does not start.
 */
export const PLUGIN_HEAD = `#!/bin/sh
":" //; ${KEPT}; command -v "\${CODER_SCIM_NODE:-node}" >/dev/null 2>&1 && exec "\${CODER_SCIM_NODE:-node}" "$0" "$@"; echo "${NEEDS}, ${NAMED}, ${WHERE}; there is none"; exit 1
if (${TOO_OLD}) { console.log('${NEEDS}, ${NAMED}, ${WHERE}; ' + process.execPath + ' is ' + process.version); process.exit(1); }`;

/** The same for Windows, where the plugin's script lies beside it. */
export const WINDOWS_LAUNCHER = `@echo off\r
where node >nul 2>nul || (echo ${NEEDS}, as node on PATH, ${WHERE}; there is none& exit /b 1)\r
node "%~dp0coderscim.js" %*\r
`;

/**
 * The command line as npm starts it, with the Node that it finds. The program is in a file of its own, so that what V8 makes of it can
 * be kept: in a folder that nobody else can write (what is there is run), of the user or of the service, or nowhere.
 */
export const commandLauncher = program => `#!/usr/bin/env node
if (${TOO_OLD}) { console.error('error  ${NEEDS}; ' + process.execPath + ' is ' + process.version); process.exit(1); }
const { lstatSync, mkdirSync } = require('node:fs');
const { dirname, isAbsolute, join } = require('node:path');
const { CACHE_DIRECTORY, XDG_CACHE_HOME, HOME, NODE_COMPILE_CACHE, NODE_DISABLE_COMPILE_CACHE } = process.env;
const place = CACHE_DIRECTORY || XDG_CACHE_HOME || (HOME && join(HOME, '.cache'));
const isOurs = path => {
  const found = lstatSync(path);
  return found.isDirectory() && found.uid === process.getuid() && (found.mode & 0o022) === 0;
};
if (place && isAbsolute(place) && process.getuid && !NODE_COMPILE_CACHE && !NODE_DISABLE_COMPILE_CACHE) {
  try {
    const folder = join(place, 'coder-scim');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (isOurs(dirname(folder)) && isOurs(folder)) require('node:module').enableCompileCache(folder);
  } catch {
    // Nothing can be written there: it starts as quickly as it can.
  }
}
require(${JSON.stringify(program)});
`;
