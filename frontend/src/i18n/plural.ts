const rules = new Map<string, Intl.PluralRules>()

/** The form that `n` takes in `language`, by the language's own rules. */
export function plural(
  language: string,
  n: number,
  forms: Partial<Record<Intl.LDMLPluralRule, string>> & { other: string },
): string {
  let rule = rules.get(language)
  if (!rule) rules.set(language, (rule = new Intl.PluralRules(language)))
  return forms[rule.select(n)] ?? forms.other
}
