// Reads a company with the client that Pipedrive publishes, and prints what it understood.
//
// node pipedrive.cjs URL FOLDER HOME; the client is in HOME/node_modules. It passes answers on as they are, so they are held
// against the types that it declares.
"use strict";

const assert = require("node:assert/strict");
const fs = require("node:fs");
const path = require("node:path");

const [url, , home] = process.argv.slice(2);
const client = path.join(home, "node_modules/pipedrive/dist/versions");
const v1 = require(path.join(client, "v1"));
const v2 = require(path.join(client, "v2"));

/** The fields of a type that the client declares: what each may be, and whether it may be left out. */
function declared(version, name) {
  const text = fs.readFileSync(path.join(client, version, "models", `${name}.d.ts`), "utf8");
  const fields = [...text.matchAll(/^ {4}'(\w+)'(\?)?: (.+);$/gm)];
  assert(fields.length > 0, `${name} has fields`);
  return new Map(fields.map(([, field, optional, type]) => [field, { optional, types: type.split(" | ") }]));
}

const kindOf = (value) => (value === null ? "null" : typeof value);
const PLAIN = ["number", "string", "boolean", "null"];

/** Holds a record against its type. A type that is not plain only says that something is there. */
function judge(record, type) {
  for (const [field, value] of Object.entries(record)) {
    const known = type.get(field);
    assert(known, `nobody declares the field ${field}`);
    const { types } = known;
    if (types.every((name) => PLAIN.includes(name))) {
      assert(types.includes(kindOf(value)), `${field} is ${JSON.stringify(value)}, and no ${types.join(" or ")}`);
    } else if (types.some((name) => name.startsWith("Array<"))) {
      assert(Array.isArray(value), `${field} is a list`);
    }
    assert(typeof value !== "number" || Number.isSafeInteger(value), `${field} loses digits`);
  }
  for (const [field, { optional }] of type) {
    assert(optional || field in record, `${field} must be there`);
  }
}

const DEAL = declared("v2", "deal");
const LEAD = declared("v1", "lead");
const CHANGE = declared("v1", "get-changelog-response-all-of-data-inner");
const USER = declared("v1", "base-user");
const STAGE = declared("v2", "stage-item");

const millis = (time) => {
  const at = Date.parse(time);
  assert(!Number.isNaN(at), `${time} is no time`);
  return at;
};

/** The APIs of both versions, with the token of one user. */
function company(token) {
  const first = new v1.Configuration({ apiKey: token, basePath: `${url}/v1` });
  const second = new v2.Configuration({ apiKey: token, basePath: `${url}/api/v2` });
  return {
    changelogs: new v1.DealsApi(first),
    leads: new v1.LeadsApi(first),
    users: new v1.UsersApi(first),
    deals: new v2.DealsApi(second),
    stages: new v2.StagesApi(second),
  };
}

const ours = company("TOKEN");

/** All pages of a list that goes on by cursors. */
async function follow(call, type) {
  const found = [];
  let pages = 0;
  for (let cursor; ; ) {
    const page = await call(cursor);
    assert.equal(page.success, true);
    page.data.forEach((record) => judge(record, type));
    found.push(...page.data);
    pages += 1;
    cursor = page.additional_data.next_cursor;
    if (cursor === undefined) {
      return [found, pages];
    }
    assert.equal(typeof cursor, "string");
  }
}

const deals = (beside) =>
  follow(
    (cursor) =>
      ours.deals.getDeals({
        sort_by: "id",
        sort_direction: "asc",
        include_fields: "source_lead_id",
        limit: 500,
        cursor,
        ...beside,
      }),
    DEAL,
  );

async function trouble(call) {
  try {
    await call();
  } catch (error) {
    // The client throws the body of an answer away from its status, but for one that is empty or no JSON.
    return typeof error === "object" ? [error.errorCode, error.error] : [502, null];
  }
  return assert.fail("nothing is wrong");
}

const failNext = (error) => fetch(`${url}/fail-next/${error}`);

async function main() {
  const read = { troubles: {} };
  const leads = [];
  for (read.pages_of_leads = 1; ; read.pages_of_leads += 1) {
    const page = await ours.leads.getLeads({ sort: "add_time", limit: 500, start: leads.length });
    assert.equal(page.success, true);
    page.data.forEach((lead) => judge(lead, LEAD));
    leads.push(...page.data);
    read.goes_on_is_flat = page.additional_data.pagination === undefined;
    const more = page.additional_data.pagination ?? page.additional_data;
    assert.equal(typeof more.more_items_in_collection, "boolean");
    if (!more.more_items_in_collection) {
      break;
    }
  }
  read.leads = leads.map((lead) => ({
    id: lead.id,
    owner: String(lead.owner_id),
    channel: `channel-${lead.channel}`,
    deal: null,
    created: millis(lead.add_time),
    modified: millis(lead.update_time),
  }));
  const [one] = leads;
  assert.deepEqual((await ours.leads.getLead({ id: one.id })).data, one);

  const [found, pagesOfDeals] = await deals({});
  read.pages_of_deals = pagesOfDeals;
  const ends = { won: "S4", lost: "S5" };
  read.deals = found.map((deal) => ({
    id: String(deal.id),
    owner: String(deal.owner_id),
    customer: String(deal.org_id),
    amount: String(deal.value),
    stage: ends[deal.status] ?? `S${deal.stage_id - 1}`,
    created: millis(deal.add_time),
    modified: millis(deal.update_time),
  }));
  assert.deepEqual((await ours.deals.getDeal({ id: found[0].id, include_fields: "source_lead_id" })).data, found[0]);

  read.pages_of_changelogs = 0;
  for (const deal of found) {
    const call = (cursor) => ours.changelogs.getDealChangelog({ id: deal.id, limit: 500, cursor });
    const [changes, pages] = await follow(call, CHANGE);
    read.pages_of_changelogs = Math.max(read.pages_of_changelogs, pages);
    const times = changes.map((change) => millis(`${change.time}Z`));
    assert.deepEqual(times, times.toSorted((first, second) => second - first), "the newest is the first");
    for (const [field, value] of [["stage_id", deal.stage_id], ["status", deal.status], ["value", deal.value]]) {
      const newest = changes.find((change) => change.field_key === field);
      assert(newest === undefined || newest.new_value === String(value), `${field} of ${deal.id} ends with ${value}`);
    }
  }

  const middle = read.deals.map((deal) => deal.modified).toSorted()[Math.floor(read.deals.length / 2)];
  const [since] = await deals({ updated_since: new Date(middle).toISOString().replace(".000", "") });
  read.since = [middle, since.map((deal) => String(deal.id))];
  const [gone] = await deals({ status: "deleted" });
  read.gone_deals = gone.map((deal) => {
    assert.equal(deal.is_deleted, true);
    return [String(deal.id), millis(deal.update_time)];
  });
  assert.deepEqual((await ours.deals.getArchivedDeals({ sort_by: "id" })).data, []);
  assert.deepEqual((await ours.leads.getArchivedLeads({ limit: 500, start: 0 })).data, []);

  const users = (await ours.users.getUsers()).data;
  users.forEach((user) => judge(user, USER));
  read.people = users.map((user) => [String(user.id), user.active_flag]);
  const me = (await ours.users.getCurrentUser()).data;
  judge(me, USER);
  assert(me.access.some((app) => app.app === v1.UserAccessAppConst.sales && app.admin), "who asks sees everything");

  const [stages] = await follow((cursor) => ours.stages.getStages({ limit: 500, cursor }), STAGE);
  read.stages = stages.map((stage) => String(stage.id));

  read.troubles.access = await trouble(() => company("FORGED").deals.getDeals({ sort_by: "id" }));
  read.troubles.nothing = await trouble(() => ours.deals.getDeal({ id: 1 }));
  for (const error of ["BURST", "DAILY", "502"]) {
    await failNext(error);
    read.troubles[error] = await trouble(() => deals({}));
  }

  for (const part of ["gone_deals", "people"]) {
    read[part].sort((first, second) => (JSON.stringify(first) < JSON.stringify(second) ? -1 : 1));
  }
  console.log(JSON.stringify(read));
}

main();
