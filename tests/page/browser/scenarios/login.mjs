// Who may see what, in a browser: a rep, a manager, and a screen with its key.
//
//   node run.mjs login ADDRESS PASSWORD KEY

import assert from 'node:assert/strict';
import { browser, inState, tab } from '../browser.mjs';

const ANN = '?lang=en&view=rep&rep=ann&team=east';
const BO = '?lang=en&view=rep&rep=bo&team=west';
const numbers = (page) => page.locator('main a.num').count();

export default async function login(address, password, key) {
  const chrome = await browser();
  const shows = async (page, query) => {
    await page.goto(`${address}/${query}`);
    await page.waitForSelector('main .all-numbers, main .numbers, main tr[data-row]');
    await inState(page, 'live');
    assert.ok((await numbers(page)) > 5, `${query} shows numbers`);
  };
  const refuses = async (page, query) => {
    await page.goto(`${address}/${query}`);
    await inState(page, 'not_yours');
    assert.equal(await numbers(page), 0, `${query} shows no number`);
  };
  const as = (username) => tab(chrome, { httpCredentials: { username, password } });

  const rep = await as('ann');
  await shows(rep, ANN);
  await shows(rep, '?lang=en');
  await refuses(rep, BO);

  const manager = await as('li');
  await shows(manager, BO);
  await refuses(manager, ANN);

  // A browser would ask for the password now, and nobody is there to be asked.
  assert.equal((await fetch(`${address}/api/v1/meta`)).status, 401);

  const screen = await tab(chrome, { viewport: { width: 1280, height: 720 } });
  await screen.goto(`${address}/?tv=1&lang=en#key=${key}`);
  await screen.waitForSelector('.wall tr[data-row]');
  assert.equal(new URL(screen.url()).hash, '', 'the key does not stay in the address');
  const [cookie] = await screen.context().cookies();
  assert.deepEqual([cookie.httpOnly, cookie.sameSite], [true, 'Strict']);
  await screen.goto(`${address}/?tv=1&lang=en`);
  await screen.waitForSelector('.wall tr[data-row]');
  await refuses(screen, '?lang=en');
  for (const page of [rep, manager, screen]) assert.deepEqual([...page.origins], [new URL(address).origin]);
}
