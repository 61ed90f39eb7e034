/** Who may do what at the bridge itself. */

/** Admin credentials that were made by command; several of one name while one takes the place of another. */
export interface AdminCredentialTable {
  /** 64 hex digits: SHA-256 of the secret. */
  digest: string;
  name: string;
  /** Space-separated scopes. */
  scopes: string;
  created_at: number;
  created_by: string;
  expires_at: number;
  last_used_at: number | null;
}

/** Who is signed in to the operator's page. */
export interface PageSessionTable {
  /** 64 hex digits: SHA-256 of what the cookie holds. */
  digest: string;
  /** Name for the audit trail. */
  name: string;
  /** Space-separated scopes. */
  scopes: string;
  /** Digest of the admin credential that was shown; the session ends with it. Null for a sign-in by OIDC. */
  credential: string | null;
  created_at: number;
  expires_at: number;
  /** Digest of the configuration that a sign-in by OIDC was judged by. Null for one by an admin credential. */
  sign_in: string | null;
}
