import * as z from 'zod';

/** How far the connection of an identity provider is. */
export const SetupReport = z.object({
  app: z.string(),
  identityProvider: z.string(),
  mode: z.string(),
  /** Paste this into the identity provider. */
  scimBaseUrl: z.string(),
  /** Where an OAuth client of the app gets its tokens; null when none is declared. */
  oauthTokenUrl: z.string().nullable().default(null),
  steps: z.array(
    z.object({
      name: z.enum(['token', 'connection', 'person', 'account', 'group', 'mapping', 'claims']),
      done: z.boolean(),
      /** What was seen, or what is missing and what to do. */
      detail: z.string(),
    }),
  ),
});
export type SetupReport = z.output<typeof SetupReport>;
