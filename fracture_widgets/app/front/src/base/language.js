// The words of the page. Python puts those of its catalogue that a module has before the module.

const filled = (said, values) => said.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");

// A message in the language of the page, with its {names} filled in.
export const gettext = (message, values = {}) =>
  filled(globalThis.fwWords?.[message]?.[0] ?? message, values);

// A message of a number of things, which is {n} in it.
export function ngettext(one, many, n, values = {}) {
  const forms = globalThis.fwWords?.[one] ?? [one, many];
  return filled(n === 1 ? forms[0] : forms.at(-1), { n: numberWords(n), ...values });
}

const language = () => globalThis.document?.documentElement.lang || "en";

export const numberWords = (n, options = {}) => n.toLocaleString(language(), options);
