// Reads an account with the client that HubSpot publishes, and prints what it understood.
//
// node hubspot.cjs URL FOLDER HOME; the client is in HOME/node_modules.
"use strict";

const assert = require("node:assert/strict");
const path = require("node:path");

const [url, , home] = process.argv.slice(2);
const { Client } = require(path.join(home, "node_modules/@hubspot/api-client"));

const client = new Client({ accessToken: "TOKEN", basePath: url });
const { deals, objects, owners, associations } = client.crm;
const FOLLOWED = ["dealstage", "hubspot_owner_id", "amount"];

const millis = (time) => {
  assert(time instanceof Date && !Number.isNaN(time.getTime()), `${time} is no time`);
  return time.getTime();
};

/** All records of an object that were edited since an instant, as the connector asks for them. */
async function search(call, properties, since) {
  const found = [];
  let pages = 0;
  for (let last = ""; ; pages += 1) {
    const filters = [];
    if (since !== undefined) {
      filters.push({ propertyName: "hs_lastmodifieddate", operator: "GTE", value: String(since) });
    }
    if (last !== "") {
      filters.push({ propertyName: "hs_object_id", operator: "GT", value: last });
    }
    const page = await call({
      filterGroups: filters.length ? [{ filters }] : [],
      sorts: [{ propertyName: "hs_object_id", direction: "ASCENDING" }],
      properties,
      limit: 200,
    });
    assert(Number.isInteger(page.total) && page.total >= page.results.length, `the total is ${page.total}`);
    found.push(...page.results);
    if (page.paging === undefined) {
      return [found, pages + 1];
    }
    assert(page.paging.next.after, "there is a next page");
    last = page.results.at(-1).id;
  }
}

/** All pages of a list. */
async function list(call) {
  const found = [];
  for (let after; ; ) {
    const page = await call(after);
    found.push(...page.results);
    after = page.paging?.next?.after;
    if (after === undefined) {
      return found;
    }
  }
}

/** What records are associated with: the first of each. */
async function associated(from, to, ids) {
  const found = new Map();
  for (let start = 0; start < ids.length; start += 50) {
    const inputs = ids.slice(start, start + 50).map((id) => ({ id }));
    const answer = await associations.v4.batchApi.getPage(from, to, { inputs });
    assert.equal(answer.status, "COMPLETE");
    for (const result of answer.results) {
      assert(result.to[0].associationTypes.length > 0, "an association has a type");
      found.set(result._from.id, String(result.to[0].toObjectId));
    }
  }
  return found;
}

async function trouble(call) {
  try {
    await call();
  } catch (error) {
    // The client leaves the body of an error as it came.
    const body = String(error.body).startsWith("{") ? JSON.parse(error.body) : error.body;
    return [error.code, body?.category ?? body?.policyName ?? typeof body];
  }
  return assert.fail("nothing is wrong");
}

const failNext = (error) => fetch(`${url}/fail-next/${error}`);

async function main() {
  const read = { troubles: {} };
  const LEAD = ["hs_createdate", "hs_lastmodifieddate", "hubspot_owner_id", "hs_contact_analytics_source"];
  const [leads, pagesOfLeads] = await search((body) => objects.searchApi.doSearch("leads", body), LEAD);
  const dealOf = await associated("leads", "deals", leads.map((lead) => lead.id));
  read.pages_of_leads = pagesOfLeads;
  read.leads = leads.map((lead) => ({
    id: lead.id,
    owner: lead.properties.hubspot_owner_id,
    channel: lead.properties.hs_contact_analytics_source,
    deal: dealOf.get(lead.id) ?? null,
    created: millis(lead.createdAt),
    modified: millis(lead.updatedAt),
  }));

  const doSearch = (body) => deals.searchApi.doSearch(body);
  const [found, pagesOfDeals] = await search(doSearch, ["hs_lastmodifieddate"]);
  read.pages_of_deals = pagesOfDeals;
  const ids = found.map((deal) => deal.id);
  const customers = await associated("deals", "companies", ids);
  read.deals = [];
  read.rows = [];
  for (let start = 0; start < ids.length; start += 50) {
    const inputs = ids.slice(start, start + 50).map((id) => ({ id }));
    const properties = [...FOLLOWED, "deal_currency_code"];
    const batch = await deals.batchApi.read({ inputs, properties, propertiesWithHistory: FOLLOWED }, false);
    assert.equal(batch.status, "COMPLETE");
    for (const deal of batch.results) {
      read.deals.push({
        id: deal.id,
        owner: deal.properties.hubspot_owner_id,
        customer: customers.get(deal.id),
        amount: deal.properties.amount,
        stage: deal.properties.dealstage,
        created: millis(deal.createdAt),
        modified: millis(deal.updatedAt),
      });
      const history = deal.propertiesWithHistory.dealstage;
      const times = history.map((entry) => millis(entry.timestamp));
      assert.deepEqual(times, times.toSorted((one, other) => other - one), "the newest is the first");
      assert.equal(deal.propertiesWithHistory.hubspot_owner_id[0].value, deal.properties.hubspot_owner_id);
      assert.equal(deal.propertiesWithHistory.amount[0].value, deal.properties.amount);
      assert(history.every((entry) => typeof entry.sourceType === "string"), "who has changed it");
      read.rows.push(...history.map((entry, place) => [deal.id, entry.value, times[place], null]));
    }
  }
  const middle = read.deals.map((deal) => deal.modified).toSorted()[Math.floor(read.deals.length / 2)];
  const [since] = await search(doSearch, ["hs_lastmodifieddate"], middle);
  read.since = [middle, since.map((deal) => deal.id)];

  const gone = (record) => [record.id, millis(record.archivedAt)];
  const archived = (object) => (after) =>
    objects.basicApi.getPage(object, 100, after, ["hs_lastmodifieddate"], undefined, undefined, true);
  read.gone_leads = (await list(archived("leads"))).map(gone);
  read.gone_deals = (await list(archived("deals"))).map(gone);

  const everybody = [];
  for (const isArchived of [false, true]) {
    everybody.push(...(await list((after) => owners.ownersApi.getPage(undefined, after, 100, isArchived))));
  }
  read.people = everybody.map((owner) => {
    assert.equal(owner.teams.filter((team) => team.primary).length, 1, "one team is the first");
    return [owner.id, !owner.archived];
  });

  const pipelines = await client.crm.pipelines.pipelinesApi.getAll("deals");
  read.stages = pipelines.results.flatMap((pipeline) => pipeline.stages.map((stage) => stage.id));

  const forged = new Client({ accessToken: "FORGED", basePath: url });
  read.troubles.access = await trouble(() => forged.crm.deals.searchApi.doSearch({ limit: 1 }));
  for (const error of ["SECONDLY", "TEN_SECONDLY_ROLLING", "DAILY", "502"]) {
    await failNext(error);
    read.troubles[error] = await trouble(() => deals.searchApi.doSearch({ limit: 1 }));
  }

  for (const part of ["rows", "gone_leads", "gone_deals", "people"]) {
    read[part].sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1));
  }
  console.log(JSON.stringify(read));
}

main();
