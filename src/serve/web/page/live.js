// The stream of changes, and what is known about the connection.
//
// `EventSource` gives up for good on any answer but 200, and does not see a connection that is half open. So the page
// reconnects by itself: without an event for 12 seconds, or when the stream is closed, it asks once for a view, to learn
// why, and opens another stream.

import { get, readiness } from './api.js';
import { merge } from './merge.js';

/** Beats come every 5 seconds: two of them missing are a lost connection. */
const SILENCE_MS = 12_000;
const LONGEST_WAIT_MS = 15_000;
/** An instance that stands by is asked often: behind a balancer the next answer may be the owner's. */
const STANDBY_WAIT_MS = 1_000;
const BUSY_WAIT_MS = 10_000;
/** A browser allows six connections to an origin over all its tabs. */
const HIDDEN_MS = 60_000;
/** How old the numbers of a beat may be before they no longer count as live. */
const STALE_MS = 60_000;

/** What the codes of the API mean for the page. */
const STATE_OF_CODE = {
  not_ready: 'catching_up',
  not_owner: 'standing_by',
  unauthorized: 'signed_out',
  forbidden: 'not_yours',
  too_many_streams: 'busy',
  too_many_views: 'busy',
};

/** What a view asks for, by its path. */
function parametersOf(view) {
  return Object.fromEntries(new URLSearchParams(view.split('?')[1] ?? ''));
}

/**
 * A stream over some views. `tell` is called after everything that changes what is to be shown.
 *
 * `state` is one of: `loading`, `live`, `standing_still`, `reconnecting`, `lost`, `paused`, `catching_up`, `standing_by`,
 * `signed_out`, `not_yours`, `busy`, `wrong` (with `problem`).
 */
export class Live {
  #source = null;
  #timer = null;
  #watch = null;
  #hiddenTimer = null;
  #attempts = 0;
  #lastEvent = null;
  /** When this stream was opened, and when the page first wanted one. */
  #opened = 0;
  #began = performance.now();
  #generation = 0;
  #onVisible = () => this.#visibility();

  constructor(views, { tell, moment, before }) {
    this.views = views;
    this.answers = views.map(() => null);
    this.tell = tell;
    this.moment = moment;
    this.before = before;
    this.state = 'loading';
    this.problem = null;
    this.conditions = [];
    this.asOfMs = null;
    this.behindS = null;
    /** How much the server's clock is ahead of ours. */
    this.skewMs = 0;
    this.lostSince = null;
    this.hello = null;
    this.readiness = null;
    document.addEventListener('visibilitychange', this.#onVisible);
    this.#watch = setInterval(() => this.#check(), 1_000);
    this.#open();
  }

  /** Ends it; nothing is told any more. */
  close() {
    this.#generation += 1;
    this.#stop();
    clearInterval(this.#watch);
    clearTimeout(this.#hiddenTimer);
    document.removeEventListener('visibilitychange', this.#onVisible);
  }

  /** Other views, with what is known of those that stay. */
  show(views) {
    const known = new Map(this.views.map((view, place) => [view, this.answers[place]]));
    const same = views.length === this.views.length && views.every((view, place) => view === this.views[place]);
    if (same) return;
    this.views = views;
    this.answers = views.map((view) => known.get(view) ?? null);
    if (this.state !== 'paused') {
      this.#stop();
      this.#attempts = 0;
      if (this.state !== 'live' && this.state !== 'standing_still') this.state = 'loading';
      this.#open();
    }
    this.tell();
  }

  pause() {
    this.#stop();
    this.state = 'paused';
    this.tell();
  }

  resume() {
    this.#attempts = 0;
    this.#lastEvent = null;
    this.#began = performance.now();
    this.state = 'loading';
    this.#open();
    this.tell();
  }

  /** The instant at the server, as far as we know. */
  now() {
    return Date.now() + this.skewMs;
  }

  /** Whether the numbers are those of now, as far as we know. */
  isLive() {
    return this.state === 'live';
  }

  /** Whether numbers may stand on the page: half a number is none, and what another may not see is not shown. */
  hasNumbers() {
    return ['live', 'standing_still', 'reconnecting', 'lost', 'paused', 'loading', 'busy'].includes(this.state);
  }

  #open() {
    this.#stop();
    const query = this.views.map((view) => `view=${encodeURIComponent(view)}`).join('&');
    const source = new EventSource(`api/v1/stream?${query}`);
    this.#source = source;
    this.#opened = performance.now();
    const on = (name, act) =>
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        this.#lastEvent = performance.now();
        this.#attempts = 0;
        const data = JSON.parse(event.data);
        // The number of the view comes first; an answer may hold what it was asked for under the same name.
        const view = /^\{"view":(\d+)/.exec(event.data);
        if (view) data.view = Number(view[1]);
        act(data);
      });
    on('hello', (hello) => this.#hello(hello));
    on('picture', (picture) => this.#picture(picture));
    on('change', (change) => this.#change(change));
    on('moment', (moment) => this.moment(moment));
    on('beat', (beat) => this.#beat(beat));
    on('bye', (bye) => this.#bye(bye));
    source.onerror = () => {
      if (source !== this.#source) return;
      if (this.state === 'live' || this.state === 'standing_still') {
        this.state = 'reconnecting';
        this.tell();
      }
      if (source.readyState === EventSource.CLOSED) this.#fail();
    };
  }

  #stop() {
    clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#source) this.#source.close();
    this.#source = null;
  }

  /** The server ends the stream: because it has lived long enough, or for good, and then the numbers are not live any more. */
  #bye({ why, retry_ms: retryMs }) {
    if (why !== 'life' && this.isLive()) {
      this.state = 'reconnecting';
      this.tell();
    }
    this.#later(Math.min(5_000, Math.max(100, Number(retryMs) || 1_000)), false);
  }

  #hello(hello) {
    this.hello = hello;
    this.tell();
  }

  #picture({ view, ...picture }) {
    if (!(view in this.answers)) return;
    const before = this.answers[view];
    const answer = { ...picture, view: parametersOf(this.views[view]) };
    this.answers[view] = answer;
    this.before?.(view, before, answer);
    this.#fresh(answer);
  }

  #change(change) {
    const before = this.answers[change.view];
    // A change that does not follow what is shown is not guessed at: a new stream begins with the whole picture.
    if (!before || before.tick !== change.base) {
      this.#later(100, false);
      return;
    }
    const answer = merge(before, change);
    this.answers[change.view] = answer;
    this.before?.(change.view, before, answer);
    this.#fresh(answer);
  }

  #fresh(answer) {
    if (Number.isFinite(answer.as_of_ms)) this.asOfMs = Math.max(this.asOfMs ?? 0, answer.as_of_ms);
    this.#status(answer.status, answer.conditions);
  }

  #beat(beat) {
    if (Number.isFinite(beat.as_of_ms)) this.asOfMs = beat.as_of_ms;
    if (Number.isFinite(beat.sent_ms)) this.skewMs = beat.sent_ms - Date.now();
    this.behindS = Number.isFinite(beat.behind_s) ? beat.behind_s : null;
    const isStale = Number.isFinite(beat.as_of_ms) && Number.isFinite(beat.sent_ms) && beat.sent_ms - beat.as_of_ms > STALE_MS;
    this.#status(isStale ? 'standing_still' : beat.status, beat.conditions);
  }

  /** A word of the service for how it is; whatever is not known to be well is not shown as if it were. */
  #status(status, conditions) {
    if (conditions) this.conditions = conditions;
    const states = { ready: 'live', standing_by: 'standing_by', catching_up: 'catching_up', connecting: 'catching_up', joining: 'catching_up', stopping: 'catching_up' };
    if (status !== undefined) this.state = states[status] ?? 'standing_still';
    else if (this.state !== 'standing_still') this.state = 'live';
    if (status === 'ready') this.conditions = conditions ?? [];
    this.lostSince = null;
    this.problem = null;
    this.tell();
  }

  /** Once a second: whether anything was heard of late. */
  #check() {
    if (this.state === 'paused') return;
    const silent = performance.now() - Math.max(this.#lastEvent ?? 0, this.#opened);
    if (this.#source && silent > SILENCE_MS) this.#fail();
    else if (!this.#source && !this.#timer) return;
    else if (this.state === 'reconnecting' || this.state === 'loading') this.#lose();
  }

  /** Says that the connection is lost once it has been for as long as that. */
  #lose() {
    const silent = performance.now() - (this.#lastEvent ?? this.#began);
    if (silent <= SILENCE_MS) return;
    if (this.state !== 'lost') {
      this.state = 'lost';
      this.lostSince = this.now() - silent;
    }
    this.tell();
  }

  #fail() {
    this.#stop();
    if (this.state === 'live' || this.state === 'standing_still') this.state = 'reconnecting';
    if (this.state === 'reconnecting' || this.state === 'loading') this.#lose();
    this.#attempts += 1;
    const wait = Math.min(LONGEST_WAIT_MS, 1_000 * 2 ** (this.#attempts - 1));
    this.#later(wait * (0.8 + 0.4 * Math.random()), true);
    this.tell();
  }

  /** Opens another stream after a while, after asking why the last one failed where that is not known. */
  #later(wait, asks) {
    this.#stop();
    const generation = this.#generation;
    this.#timer = setTimeout(async () => {
      const reason = asks ? await this.#reason() : null;
      if (generation !== this.#generation || this.state === 'paused') return;
      if (reason === null) this.#open();
      else await this.#explain(reason);
    }, wait);
  }

  /** Why there is no stream: any of the views may be refused, where none of them ever began. */
  async #reason() {
    const hadBegun = (this.#lastEvent ?? 0) > this.#opened;
    for (const view of hadBegun ? this.views.slice(0, 1) : this.views) {
      try {
        await get(view);
      } catch (problem) {
        return problem;
      }
    }
    return null;
  }

  async #explain(problem) {
    this.problem = problem;
    if (problem.code === 'unreachable' || problem.code === 'bug') {
      // What was known before of why nothing is shown may not hold any more.
      if (['catching_up', 'standing_by'].includes(this.state)) this.state = 'reconnecting';
      this.#fail();
      return;
    }
    this.state = STATE_OF_CODE[problem.code] ?? 'wrong';
    if (this.state === 'wrong' && problem.code === 'not_found') this.state = 'unknown_subject';
    if (this.state === 'catching_up') this.readiness = await readiness();
    const waits = { standing_by: STANDBY_WAIT_MS, catching_up: 2_000, busy: BUSY_WAIT_MS };
    this.#later(waits[this.state] ?? LONGEST_WAIT_MS, true);
    this.tell();
  }

  #visibility() {
    clearTimeout(this.#hiddenTimer);
    if (this.state === 'paused') return;
    if (document.hidden) {
      this.#hiddenTimer = setTimeout(() => this.#stop(), HIDDEN_MS);
    } else if (!this.#source && !this.#timer) {
      this.state = 'reconnecting';
      this.#began = performance.now();
      this.#lastEvent = null;
      this.#open();
      this.tell();
    } else {
      this.#check();
    }
  }
}
