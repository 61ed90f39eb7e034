/** JSON values as request bodies and documents hold them. */
export type Json = null | boolean | number | string | Json[] | JsonObject;

/** A JSON object. Parsed ones have no prototype. */
export interface JsonObject {
  [name: string]: Json;
}
