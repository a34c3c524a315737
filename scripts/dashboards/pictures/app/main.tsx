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
}

main();
