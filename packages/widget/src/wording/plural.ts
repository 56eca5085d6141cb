/** A sentence about a number, `{count}`, in the forms that a language has for it (after the Unicode plural rules). */
export type Plural = { other: string } & Partial<Record<Intl.LDMLPluralRule, string>>

/** The form for this number, with the number written as the language does. */
export function counted(forms: Plural, count: number, language: string): string {
  const form = forms[new Intl.PluralRules(language).select(count)] ?? forms.other
  return form.replace('{count}', new Intl.NumberFormat(language).format(count))
}
