/** Coder's sync settings, as far as they give anything. */

/** The entries that give something, without those that keep a claim from giving by its name. */
export function givesIn(
  sync: { readonly mapping: Readonly<Record<string, readonly string[] | null>> } | undefined,
): Record<string, readonly string[] | null> {
  return Object.fromEntries(Object.entries(sync?.mapping ?? {}).filter(([, values]) => (values?.length ?? 0) > 0));
}
