/** The admin credential that the environment names, read alike by the provider and by the deploy step. */
import { readFileSync } from 'node:fs';
import { tokenTextProblem } from '../bridge/contract/token-text';
// Not by the plugin's door: the deploy step speaks no gRPC.
import { ProviderError } from './plugin/define/diagnostics';

/** Undefined where nothing names one; an empty variable names none. @throws ProviderError for what can be no token */
export function adminTokenOf(environment: NodeJS.ProcessEnv): string | undefined {
  const direct = environment['CODER_SCIM_ADMIN_TOKEN']?.trim() || undefined;
  const file = environment['CODER_SCIM_ADMIN_TOKEN_FILE']?.trim() || undefined;
  // As everywhere else: which of the two is meant is not guessed.
  if (direct !== undefined && file !== undefined) {
    throw new ProviderError(
      'the admin token can not be used',
      'CODER_SCIM_ADMIN_TOKEN and CODER_SCIM_ADMIN_TOKEN_FILE are both set: wanted one of the two.',
    );
  }
  if (direct !== undefined) return checkedToken(direct, 'CODER_SCIM_ADMIN_TOKEN');
  return file === undefined
    ? undefined
    : checkedToken(readToken(file), `The file ${JSON.stringify(file)} that CODER_SCIM_ADMIN_TOKEN_FILE names`);
}

/** @param source what holds it, such as the name of a variable @throws ProviderError, without the text */
export function checkedToken(text: string, source: string, path?: readonly string[]): string {
  const token = text.trim();
  const problem = tokenTextProblem(token);
  if (problem === undefined) return token;
  throw new ProviderError('the admin token can not be used', `${source} ${problem}`, path);
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ProviderError(
      'the file with the admin token can not be read',
      `CODER_SCIM_ADMIN_TOKEN_FILE names ${file}: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}
