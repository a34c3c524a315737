// Writes what the page says of each KPI, from the documents: node scripts/page/definitions.mjs

import { readFileSync, writeFileSync } from 'node:fs';

import { definitions } from '../../tests/page/browser/fixture.mjs';

const root = new URL('../../', import.meta.url).pathname;
const LANGUAGES = [['en', 'docs/kpis.md'], ['zh-CN', 'docs/kpis.zh-CN.md']];

for (const [language, document] of LANGUAGES) {
  const found = definitions(readFileSync(root + document, 'utf8'));
  writeFileSync(`${root}src/serve/web/page/i18n/definitions.${language}.json`, `${JSON.stringify(found, null, 1)}\n`);
  console.log(`${Object.keys(found).length} definitions in ${language}`);
}
