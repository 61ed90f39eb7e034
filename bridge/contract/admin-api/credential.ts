/** Credentials of the admin API: who may do what at the bridge. The bridge has digests alone, secrets stay with who made them. */
import * as z from 'zod';

/**
 * What a credential may do, each for itself: `declare` apps (Terraform), `operate` (release, retry, sweep, …), `read` all that is shown,
 * `metrics` for /metrics alone.
 */
export const ADMIN_SCOPES = ['declare', 'operate', 'read', 'metrics'] as const;
export const AdminScope = z.enum(ADMIN_SCOPES);
export type AdminScope = z.infer<typeof AdminScope>;

/** A name as it stands in the audit trail. No `@` and no space: it can't be taken for a person who signed in. */
export const CredentialName = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, {
  error: issue =>
    `credential name ${JSON.stringify(issue.input)}: wanted 1 to 63 small letters, digits, ".", "_" and "-", such as "terraform"`,
});

/** A credential as it is declared in the bridge's configuration. */
export const CredentialDeclaration = z.strictObject({
  name: CredentialName,
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, {
    error:
      'no digest (not shown, in case it is a secret): wanted "sha256:" and 64 lower-case hex digits, as printed by `coder-scim admin-token create`',
  }),
  scopes: z.array(AdminScope).min(1),
  /** Instant from which it is refused (RFC 3339). */
  expiresAt: z.iso.datetime({ offset: true }),
});
export type CredentialDeclaration = z.infer<typeof CredentialDeclaration>;

/** A credential that is made. */
export const CreateCredentialRequest = CredentialDeclaration.extend({
  /** Takes the place of the credential of that name, which is taken for so many milliseconds more: a rotation. */
  overlapMs: z
    .number()
    .int()
    .min(0)
    .max(30 * 86_400_000)
    .optional(),
});
export type CreateCredentialRequest = z.infer<typeof CreateCredentialRequest>;

/** A credential as it is listed, without anything secret. */
export const CredentialSummary = z.object({
  name: z.string(),
  scopes: z.array(z.string()),
  state: z.enum(['active', 'expiring', 'expired']),
  /** Null for the tokens of CODER_SCIM_ADMIN_TOKEN and CODER_SCIM_METRICS_TOKEN, which do not expire. */
  expiresAt: z.string().nullable(),
  /** Null when never, or when it stands in the configuration. */
  lastUsedAt: z.string().nullable(),
  /** `configuration`, or made by command. */
  from: z.enum(['configuration', 'command']),
  createdBy: z.string().nullable(),
});
export type CredentialSummary = z.output<typeof CredentialSummary>;
