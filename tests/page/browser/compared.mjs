// Which series of a scrape a number on a page is.

const PERIODS = { wtd: 'week', mtd: 'month', qtd: 'quarter', ytd: 'year' };
const OF_STAGE = new Set(['open_deals', 'pipeline_amount', 'stalled_deals']);
const OF_PERIOD = /^(target|booked_revenue|quota_|forecast_|pipeline_coverage)/;
const OF_NOTHING = /^(open_pipeline_amount|weighted_pipeline_amount|velocity|customers|repeat_|retention_|ltv|penetration|overdue_)/;

/** The scope and labels of a number: by its link, else by the page that it stands on. */
export function sampleOf(kpi, link, page, window) {
  const [, ...rest] = link.number.split(' ');
  const isRow = link.nrep || link.nteam || link.nchannel;
  const ofPage = { team: 'team', rep: 'rep', channel: 'channel' }[page.view] ?? 'org';
  const scope = link.nrep ? 'rep' : link.nteam ? 'team' : link.nchannel ? 'channel' : ofPage;
  const [rep, team, channel] = isRow ? [link.nrep, link.nteam, link.nchannel] : [page.rep, page.team, page.channel];
  const labels = { rep: { rep, team }, team: { team }, channel: { channel }, org: {} }[scope];
  if (kpi === 'funnel_conversion_ratio') return { scope, labels: { ...labels, from: rest[0], to: rest[1], window } };
  if (kpi === 'stage_entries') return { scope, labels: { ...labels, stage: rest[0], window } };
  if (OF_STAGE.has(kpi)) return { scope, labels: { ...labels, stage: rest[0] } };
  if (OF_PERIOD.test(kpi)) return { scope, labels: { ...labels, period: rest[0] ?? PERIODS[window] ?? 'month' } };
  return { scope, labels: OF_NOTHING.test(kpi) ? labels : { ...labels, window } };
}
