// The words of the page: a catalogue for each language, with the same keys and the same placeholders.

const LANGUAGES = ['en', 'zh-CN'];

let catalogue = {};
let language = 'en';
let definitions = null;

/** The page's language: of the address, else what was chosen before, else the first of the browser's that we have. */
export function choose(asked, stored, preferred) {
  const known = (tag) => {
    if (!tag) return undefined;
    const lower = tag.toLowerCase();
    return LANGUAGES.find((name) => name.toLowerCase() === lower || lower.split('-')[0] === name.split('-')[0]);
  };
  return known(asked) ?? known(stored) ?? (preferred ?? []).map(known).find(Boolean) ?? 'en';
}

/** Loads a language. Relative to this module, so that it is of the same build. */
export async function load(name) {
  const answer = await fetch(new URL(`i18n/${name}.json`, import.meta.url));
  if (!answer.ok) throw new Error(`The words of ${name} cannot be loaded: ${answer.status}`);
  catalogue = await answer.json();
  language = name;
  definitions = null;
  document.documentElement.lang = name;
}

/** The definitions of the KPIs, loaded when the first of them is asked for. Without them a card still has its number. */
export async function loadDefinitions() {
  if (definitions) return definitions;
  try {
    const answer = await fetch(new URL(`i18n/definitions.${language}.json`, import.meta.url));
    definitions = answer.ok ? await answer.json() : {};
  } catch {
    return {};
  }
  return definitions;
}

/** The present language. */
export const lang = () => language;

/** The other one. */
export const otherLang = () => LANGUAGES.find((name) => name !== language);

/** A sentence of the catalogue; `{name}` stands for a value. A key that is missing shows itself, so that a test finds it. */
export function t(key, values = {}) {
  const text = catalogue[key];
  if (text === undefined) return key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** A sentence of the catalogue, or what is to stand where there is none. */
export const tOr = (key, otherwise) => catalogue[key] ?? otherwise;

/** The title of a KPI in the page's language. */
export function title(kpi) {
  return kpi?.titles?.[language] ?? kpi?.titles?.[language.split('-')[0]] ?? tOr(`kpi.${kpi?.name}`, kpi?.name ?? '');
}

/** A stage in words, where the word is known; stages are named by the configuration. */
export const stageName = (stage) => tOr(`stage.${stage}`, stage);

/** A window in words. */
export const windowName = (window) => tOr(`window.${window}`, window);

/** The name of a subject as people read it. */
export function subjectName(name, id) {
  if (name) return name;
  return id === 'unassigned' ? t('unassigned') : id;
}
