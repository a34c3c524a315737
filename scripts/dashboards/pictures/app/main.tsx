// Draws the dashboard that the page was given.

import { createTheme } from '@grafana/data';
import { GlobalStyles, ThemeContext } from '@grafana/ui';
import React from 'react';
import { createRoot } from 'react-dom/client';
import plotStyles from 'uplot/dist/uPlot.min.css';

import { Page, Sheet } from './page';

const theme = createTheme({ colors: { mode: 'light' } });

async function main() {
  const sheet: Sheet = await (await fetch('sheet.json')).json();
  document.head.append(Object.assign(document.createElement('style'), { textContent: plotStyles }));
  document.body.style.background = theme.colors.background.canvas;
  createRoot(document.getElementById('root')!).render(
    <ThemeContext.Provider value={theme}>
      <GlobalStyles isExtensionSidebarOpen={false} />
      <Page {...sheet} />
    </ThemeContext.Provider>,
  );
  return sheet;
}

/** Texts that do not fit where they stand: an ellipsis or a cut word in the picture. */
function reportCutTexts() {
  for (const element of document.querySelectorAll<HTMLElement>('#root *')) {
    const isText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent!.trim());
    const hides = ['hidden', 'clip'].includes(getComputedStyle(element).overflowX);
    if (isText && hides && element.scrollWidth > element.clientWidth + 1) {
      console.error(`error: cut text: ${element.textContent}`);
    }
  }
}

/** English words of Grafana's units where all else is Chinese: "15 mins", "1.2 Mil". */
function reportEnglishUnits({ dashboard }: Sheet) {
  if (!dashboard.uid.endsWith('-zh')) return;
  for (const element of document.querySelectorAll<HTMLElement>('#root *')) {
    const text = element.children.length === 0 ? element.textContent! : '';
    if (/\d\s*(years?|months?|weeks?|days?|hours?|mins?|minutes?|secs?|seconds?|ms|s|Mil|Bil|Tri|K)$/.test(text)) {
      console.error(`error: English unit: ${text}`);
    }
  }
}

main().then((sheet) => setTimeout(() => [reportCutTexts(), reportEnglishUnits(sheet)], 10000));
