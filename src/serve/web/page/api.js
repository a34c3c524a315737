// Asks the API. Every address is relative, so that the page works below any path of a proxy.

/** An answer that is no answer: with the API's code, and what it says beside it. */
export class Problem extends Error {
  constructor(status, body) {
    super(body.detail ?? body.title ?? `HTTP ${status}`);
    this.status = status;
    this.code = body.code ?? codeOf(status);
    this.body = body;
  }
}

/** For answers of something between us and the service, which knows no codes. */
function codeOf(status) {
  if (status === 401) return 'unauthorized';
  if (status === 403) return 'forbidden';
  if (status === 404) return 'not_found';
  return status >= 502 ? 'unreachable' : 'bug';
}

/** How long an answer may take before the connection counts as lost. */
const PATIENCE_MS = 10_000;

/** A GET below `api/v1/`. Throws a `Problem`, of code `unreachable` where nobody answers. */
export async function get(path, headers = {}) {
  return ask(`api/v1${path}`, headers);
}

/** The readiness of the instance, whatever its status: catching up is an answer too. */
export async function readiness() {
  try {
    return await ask('readyz', {});
  } catch (problem) {
    return typeof problem.body?.status === 'string' ? problem.body : null;
  }
}

async function ask(address, headers) {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), PATIENCE_MS);
  let answer;
  try {
    answer = await fetch(address, { headers, signal: limit.signal, cache: 'no-store', credentials: 'same-origin' });
    const text = await answer.text();
    const body = JSON.parse(text || '{}');
    if (answer.ok) return body;
    throw new Problem(answer.status, body);
  } catch (error) {
    if (error instanceof Problem) throw error;
    if (answer && !answer.ok) throw new Problem(answer.status, {});
    throw new Problem(0, { code: 'unreachable', detail: String(error?.message ?? error) });
  } finally {
    clearTimeout(timer);
  }
}

/** The path of a view with its parameters, in the order in which they are given; empty ones are left out. */
export function path(name, parameters) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== null && value !== '') query.set(key, String(value));
  }
  const text = query.toString();
  return text ? `/${name}?${text}` : `/${name}`;
}
