/** What may differ from Coder, by kind and id: a trigger carries a key, never a change. */
export type WorkKey = `person:${string}` | `scim-group:${string}` | `coder-group:${string}` | `app:${string}`;
