/** Names inside the document, by the rules of whoever reads them: Coder, or an operator. */
import * as z from 'zod';
import { identityKey } from '../identity';

const CODER_NAME = /^[a-zA-Z0-9]+(?:-[a-zA-Z0-9]+)*$/;
const MAX_QUOTA_ALLOWANCE = 2_147_483_647;
const CODER_DISPLAY_NAME = /^[^\s](?:.*[^\s])?$/;

/** A name by Coder's rules (`codersdk/name.go`): letters, digits, single hyphens, not `new` or `create`. */
function coderName(what: string, max: number) {
  return z
    .string()
    .refine(
      name => name.length >= 1 && name.length <= max && CODER_NAME.test(name) && name !== 'new' && name !== 'create',
      {
        error: issue =>
          `${what} ${JSON.stringify(issue.input)} is refused by Coder: wanted 1 to ${max} letters, digits or single hyphens, not at either end, and not "new" or "create"`,
      },
    );
}

/** Display name of a group or role. Coder counts bytes here (Go's len), so a name in another script is at its end sooner. */
export const DisplayName = z
  .string()
  .refine(name => name === '' || (new TextEncoder().encode(name).length <= 64 && CODER_DISPLAY_NAME.test(name)), {
    error: issue =>
      `display name ${JSON.stringify(issue.input)} is refused by Coder: wanted at most 64 bytes of UTF-8 with no space at either end`,
  });

/** Name of a SCIM application: part of its URL (`/apps/<app>/scim/v2`). */
export const AppName = z
  .string()
  .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, {
    error: issue => `app name ${JSON.stringify(issue.input)}: wanted lower-case letters, digits and single hyphens`,
  })
  .max(63);

/** Key of a token, mapping or custom role inside the document: stable, chosen by the operator, shown in plans and audit lines. */
export const EntryName = z.string().regex(/^[A-Za-z0-9](?:[A-Za-z0-9._ -]{0,126}[A-Za-z0-9])?$/, {
  error: issue =>
    `name ${JSON.stringify(issue.input)}: wanted 1 to 128 letters, digits, spaces, dots, underscores or hyphens, a letter or digit at both ends`,
});

const QUOTA_WANTED = {
  error: (issue: { readonly input: unknown }) =>
    `quota allowance ${JSON.stringify(issue.input)}: wanted a whole number from 0 to ${MAX_QUOTA_ALLOWANCE}; Coder keeps 32 bits and would store another number`,
};

/** Coder keeps the allowance in 32 bits and wraps what is beyond. */
export const QuotaAllowance = z.number().int(QUOTA_WANTED).min(0, QUOTA_WANTED).max(MAX_QUOTA_ALLOWANCE, QUOTA_WANTED);

/** Coder takes any text; what no browser would show as a picture is a mistake all the same. */
export const AvatarUrl = z
  .string()
  .max(2_048)
  .regex(/^(?:|https?:\/\/[^\s/][^\s]*|\/[^\s]*)$/, {
    error: issue =>
      `avatar URL ${JSON.stringify(issue.input)}: wanted an http or https URL, a path of Coder such as "/icon/coder.svg", or "" for none`,
  });

export const OrganizationName = coderName('organization name', 32);
export const GroupName = coderName('group name', 255).refine(name => name !== 'Everyone', {
  error: 'group name "Everyone" is reserved by Coder: it holds every member of an organization and can not be managed',
});
export const RoleName = coderName('role name', 32);

/** Name of a custom role. Coder stores it in small letters, and looks it up exactly. */
export const CustomRoleName = RoleName.refine(name => !/[A-Z]/.test(name), {
  error: issue =>
    `role name ${JSON.stringify(issue.input)}: wanted ${JSON.stringify(identityKey(String(issue.input)))}, since Coder stores the names of custom roles in small letters`,
});
