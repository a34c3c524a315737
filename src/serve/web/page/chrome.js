// What is about every page: the head, the state in words, the foot. And what stands where no numbers may stand.

import { html, nothing, svg } from './lit/lit-html.js';
import { clock, hours, organisationZone } from './format.js';
import { change, to } from './route.js';
import { otherLang, t, tOr } from './words.js';

/** Patterns over the bands, for those who cannot tell their colours apart. */
const PATTERNS = html`<svg class="patterns" aria-hidden="true" focusable="false"><defs>
  <pattern id="pattern-0" width="6" height="6" patternUnits="userSpaceOnUse"><path d="M0 6L6 0" class="stroke"></path></pattern>
  <pattern id="pattern-1" width="5" height="5" patternUnits="userSpaceOnUse"><path d="M0 0V5" class="stroke"></path></pattern>
  <pattern id="pattern-2" width="6" height="6" patternUnits="userSpaceOnUse"><circle cx="3" cy="3" r="1" class="dot"></circle></pattern>
  <pattern id="pattern-3" width="6" height="6" patternUnits="userSpaceOnUse"></pattern></defs></svg>`;

const LOGO = html`<svg class="logo" viewBox="0 0 32 32" aria-hidden="true"><rect width="32" height="32" rx="8"></rect>
  <path d="M4 18h6l3-9 5 15 3.5-8H28"></path></svg>`;

const icon = (body) => html`<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">${body}</svg>`;
const PAUSE = icon(svg`<path d="M5 3v10M11 3v10"></path>`);
const PLAY = icon(svg`<path class="filled" d="M5 3l8 5-8 5z"></path>`);
const SHADE = icon(svg`<circle cx="8" cy="8" r="5.5"></circle><path class="filled" d="M8 2.5a5.5 5.5 0 0 1 0 11z"></path>`);

/** A page with everything about it. */
export function chrome(app, body, card) {
  const { live } = app;
  const shows = live.hasNumbers();
  const isOld = ['reconnecting', 'lost', 'standing_still', 'paused', 'busy'].includes(live.state);
  return html`${PATTERNS}
    <a class="skip" href="#main" @click=${skip}>${t('skip')}</a>
    ${head(app)}
    ${banner(app)}
    <main id="main" tabindex="-1" class=${isOld ? `old ${live.state}` : ''}>${shows ? body : instead(app)}</main>
    ${foot(app)}${card}`;
}

function skip(event) {
  event.preventDefault();
  document.getElementById('main').focus();
}

function head(app) {
  return html`<header class="head">
    <a class="brand" aria-label="salespulse" href=${to(app.route, 'company')}>${LOGO}<span>salespulse</span></a>
    ${stateOf(app)}
    <div class="tools">
      <button type="button" @click=${app.pauseOrResume} aria-pressed=${app.live.state === 'paused' ? 'true' : 'false'}
        title=${t(app.live.state === 'paused' ? 'resume' : 'pause')} aria-label=${t('pause')}>${app.live.state === 'paused' ? PLAY : PAUSE}</button>
      <button type="button" @click=${app.switchLanguage} lang=${otherLang()}
        >${otherLang() === 'en' ? html`<span class="long">English</span><span class="brief">EN</span>` : '中文'}</button>
      <button type="button" class="shade" @click=${() => turnTheme(app)} title=${t('theme')} aria-label=${t('theme')}>${SHADE}</button>
      <a class="button" href=${change(app.route, { help: '1', number: undefined })} title=${t('help')} aria-label=${t('help')}>?</a>
    </div></header>`;
}

/** Whether the numbers are those of now, in a word, and of when they are. */
export function stateOf(app) {
  const { live } = app;
  const at = live.asOfMs ? t('as.of', { time: clock(live.asOfMs) }) : '';
  return html`<p class="state ${live.state}" title=${at}><span class="lamp" aria-hidden="true"></span><strong>${t(`state.${live.state}`)}</strong>
    ${at && live.hasNumbers() ? html`<span class="at">${at}</span><span class="at-short" aria-hidden="true">${hours(live.asOfMs)}</span>` : nothing}</p>`;
}

function turnTheme(app) {
  const root = document.documentElement;
  const isDark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
  root.dataset.theme = isDark ? 'light' : 'dark';
  app.remember('theme', root.dataset.theme);
}

/** A sentence above the numbers, where they are not those of now or something is wrong beside them. */
export function banner(app) {
  const { live } = app;
  const numbersOf = live.asOfMs ? clock(live.asOfMs) : '—';
  const sentences = [];
  if (live.state === 'lost') {
    sentences.push(['bad', t('banner.lost', { since: hours(live.lostSince ?? app.now), time: numbersOf })]);
  } else if (live.state === 'reconnecting') {
    sentences.push(['warn', t('banner.reconnecting', { time: numbersOf })]);
  } else if (live.state === 'standing_still') {
    sentences.push(['warn', t('banner.standing_still', { time: numbersOf })]);
  } else if (live.state === 'paused') {
    sentences.push(['info', t('banner.paused', { time: numbersOf })]);
  } else if (live.state === 'busy') {
    sentences.push(['warn', t('banner.busy')]);
  }
  for (const { condition, reason } of live.conditions) {
    sentences.push(['warn', tOr(`condition.${condition}`, reason)]);
  }
  return html`<div class="banners" role="alert">
    ${sentences.map(([kind, sentence]) => html`<p class="banner ${kind}">${sentence}
      ${live.state === 'paused' ? html`<button type="button" @click=${app.pauseOrResume}>${t('resume')}</button>` : nothing}</p>`)}
    ${app.isNewBuild ? html`<p class="banner info">${t('banner.new_build')} <button type="button" @click=${() => location.reload()}>${t('reload')}</button></p>` : nothing}
  </div>`;
}

/** What stands where numbers may not: why there are none, and what happens next. */
export function instead(app) {
  const { state, problem, readiness } = app.live;
  if (state === 'catching_up') {
    const behind = readiness?.records_behind ?? problem?.body?.records_behind;
    const phase = readiness?.status ?? problem?.body?.readiness;
    return notice('catching_up', html`<p>${t('catching_up.why')}</p>
      ${phase ? html`<p class="phase">${tOr(`phase.${phase}`, readiness?.reason ?? phase)}</p>` : nothing}
      ${behind === undefined || behind === null ? nothing : html`<p class="progress"><strong>${new Intl.NumberFormat(document.documentElement.lang).format(behind)}</strong> ${t('records.behind')}</p>`}
      <div class="wait" aria-hidden="true"></div>`);
  }
  if (state === 'standing_by') return notice('standing_by', html`<p>${t('standing_by.why')}</p><div class="wait" aria-hidden="true"></div>`);
  if (state === 'signed_out') {
    return notice('signed_out', html`<p>${t('signed_out.why')}</p><p><button type="button" class="primary" @click=${() => location.reload()}>${t('sign.in')}</button></p>`);
  }
  if (state === 'not_yours') {
    return notice('not_yours', html`<p>${t('not_yours.why')}</p><p><a class="button primary" href=${to(app.route, 'company')}>${t('to.company')}</a></p>`);
  }
  if (state === 'unknown_subject') {
    return notice('unknown_subject', html`<p>${t('unknown_subject.why')}</p><p><a class="button primary" href=${to(app.route, 'company')}>${t('to.company')}</a></p>`);
  }
  return failure(problem);
}

const notice = (name, body) => html`<section class="notice ${name}"><h1 tabindex="-1">${t(`state.${name}`)}</h1>${body}</section>`;

/** Something that went wrong before there was a page. */
export function failure(problem) {
  const states = { not_ready: 'catching_up', not_owner: 'standing_by', unauthorized: 'signed_out', forbidden: 'not_yours', unreachable: 'lost' };
  const state = states[problem?.code] ?? 'wrong';
  return html`${PATTERNS}<section class="notice ${state}"><h1>${t(`state.${state}`)}</h1><p>${t(`${state}.why`)}</p>
    ${state === 'wrong' && problem ? html`<p class="detail"><code>${problem.code}</code> ${problem.message}</p>
      <p><a class="button primary" href="?">${t('to.company')}</a></p>` : nothing}<div class="wait" aria-hidden="true"></div></section>`;
}

/** Before anything is known. */
export const skeleton = () => html`<div class="head skeleton-head" aria-hidden="true"></div>
  <main aria-busy="true"><span class="hidden">${t('state.loading')}</span><section class="tiles">
  ${[0, 1, 2, 3, 4, 5].map(() => html`<div class="tile skeleton"></div>`)}</section>
  <div class="columns"><div class="main"><div class="card"><div class="skeleton rows"></div></div></div>
  <div class="side"><div class="card"><div class="skeleton block"></div></div></div></div></main>`;

function foot(app) {
  const { live } = app;
  return html`<footer class="foot">
    <span>${live.asOfMs && live.hasNumbers() ? t('numbers.of', { time: clock(live.asOfMs), zone: organisationZone() }) : organisationZone()}</span>
    ${live.behindS !== null && live.behindS > 5 ? html`<span>${t('behind', { seconds: Math.round(live.behindS) })}</span>` : nothing}
    <span class="links"><a href="metrics">${t('link.metrics')}</a><a href="readyz">${t('link.readyz')}</a><a href="openapi.json">${t('link.api')}</a></span>
    <span title=${app.meta.build ?? ''}>salespulse ${(app.meta.build ?? '').split('-')[0]}</span></footer>`;
}
