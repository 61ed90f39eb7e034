/** E-mail domain of the throw-away people of `coder-scim verify`; `.invalid` is never anybody's (RFC 2606 §2). */
export const THROWAWAY_DOMAIN = 'verify.coder-scim.invalid';
