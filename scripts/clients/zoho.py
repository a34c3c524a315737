"""Reads an organisation with the client that Zoho publishes, and prints what it understood.

python zoho.py URL FOLDER; the client keeps what it knows of fields in the folder.
"""

import json
import sys
import urllib.request
from datetime import datetime, timezone

from zohocrmsdk.src.com.zoho.api.authenticator.oauth_token import OAuthToken
from zohocrmsdk.src.com.zoho.crm.api import HeaderMap, Initializer, ParameterMap
from zohocrmsdk.src.com.zoho.crm.api import notifications, record, related_records, users
from zohocrmsdk.src.com.zoho.crm.api.dc.data_center import DataCenter
from zohocrmsdk.src.com.zoho.crm.api.exception import SDKException
from zohocrmsdk.src.com.zoho.crm.api.sdk_config import SDKConfig
from zohocrmsdk.src.com.zoho.crm.api.util import Choice

URL, FOLDER = sys.argv[1:3]


def sign_in(**token):
    """Each token has an environment of its own."""
    environment = DataCenter.Environment(URL, f"{URL}/oauth/v2/token", URL)
    config = SDKConfig(auto_refresh_fields=False, pick_list_validation=False)
    token = OAuthToken(client_id="client", client_secret="secret", find_user=False, **token)
    Initializer.initialize(environment, token, sdk_config=config, resource_path=FOLDER)


def plain(value):
    """A value of the client's as JSON has it."""
    if isinstance(value, Choice):
        return value.get_value()
    if isinstance(value, datetime):
        return round(value.astimezone(timezone.utc).timestamp() * 1000)
    return value


def ok(answer, wrapper):
    """What an answer holds, if it is none of the client's errors."""
    assert answer.get_status_code() in (200, 201), answer.get_status_code()
    found = answer.get_object()
    assert isinstance(found, wrapper), f"{type(found)} {getattr(found, 'get_code', lambda: '')()}"
    return found


def trouble(answer, kind):
    """The code of an error, as the client understands it."""
    found = answer.get_object()
    assert isinstance(found, kind), type(found)
    assert found.get_status().get_value() == "error", found.get_status()
    return [answer.get_status_code(), found.get_code().get_value(), plain(found.get_message())]


def pages(call, params, headers, wrapper):
    """All items of a list, by the tokens of its pages where it gives them, and how many pages there were."""
    items, count, page, token = [], 0, 1, None
    while True:
        asked = ParameterMap()
        for param, value in params.items():
            asked.add(param, value)
        where = record.GetRecordsParam
        if token:
            asked.add(where.page_token, token)
        else:
            asked.add(where.page, page)
        answer = call(asked, headers)
        if answer.get_status_code() in (204, 304):
            return items, count
        found = ok(answer, wrapper)
        count += 1
        items += found.get_users() if wrapper is users.ResponseWrapper else found.get_data()
        info = found.get_info()
        if info is None or not info.get_more_records():
            return items, count
        token, page = info.get_next_page_token(), page + 1


def records(module, fields, since=None, **more):
    operations = record.RecordOperations(module)
    params = {record.GetRecordsParam.fields: ",".join(fields), record.GetRecordsParam.per_page: 200}
    params |= {getattr(record.GetRecordsParam, name): value for name, value in more.items()}
    headers = HeaderMap()
    if since is not None:
        headers.add(record.GetRecordsHeader.if_modified_since, datetime.fromtimestamp(since / 1000, timezone.utc))
    return pages(operations.get_records, params, headers, record.ResponseWrapper)


def gone(module):
    operations = record.RecordOperations(module)
    found, _ = pages(
        operations.get_deleted_records, {record.GetDeletedRecordsParam.type: "all"}, HeaderMap(),
        record.DeletedRecordsWrapper,
    )
    return sorted([str(item.get_id()), plain(item.get_deleted_time())] for item in found)


def row_of(row, deal=None):
    value = row.get_key_value
    deal = deal or str(value("Potential_Name").get_id())
    return [deal, plain(value("Stage")), plain(value("Modified_Time")), f"{value('Amount'):.0f}"]


def watch(method):
    channel = notifications.Notification()
    channel.set_channel_id("7")
    channel.set_events(["Deals.all"])
    channel.set_token("TOKEN")
    channel.set_notify_url("https://connect.example.test/in/zoho")
    channel.set_channel_expiry(datetime(2026, 11, 8, tzinfo=timezone.utc))
    body = notifications.BodyWrapper()
    body.set_watch([channel])
    return getattr(notifications.NotificationsOperations(), method)(body)


read = {"troubles": {}}

try:
    sign_in(refresh_token="forged")
    raise AssertionError("a forged refresh token is taken")
except SDKException as error:
    read["troubles"]["refresh"] = str(error).rsplit(" - ", 1)[-1]

sign_in(access_token="forged")
# Without the fields of the module the client does not understand its records, and asks for them first.
answer = users.UsersOperations().get_users(ParameterMap(), HeaderMap())
read["troubles"]["access"] = trouble(answer, users.APIException)

sign_in(refresh_token="refresh")
leads, read["pages_of_leads"] = records(
    "Leads", ["Lead_Source", "Owner", "Created_Time", "Modified_Time", "Converted__s", "Converted_Deal"],
    converted="both", sort_by="id", sort_order="asc",
)
read["leads"] = [
    {
        "id": str(lead.get_id()),
        "owner": str(lead.get_key_value("Owner").get_id()),
        "channel": plain(lead.get_key_value("Lead_Source")),
        "deal": str(lead.get_key_value("Converted_Deal").get_id()) if lead.get_key_value("Converted__s") else None,
        "created": plain(lead.get_key_value("Created_Time")),
        "modified": plain(lead.get_key_value("Modified_Time")),
    }
    for lead in leads
]

fields = ["Stage", "Amount", "Currency", "Account_Name", "Owner", "Created_Time", "Modified_Time"]
deals, read["pages_of_deals"] = records("Deals", fields, sort_by="id", sort_order="asc")
read["deals"] = [
    {
        "id": str(deal.get_id()),
        "owner": str(deal.get_key_value("Owner").get_id()),
        "customer": str(deal.get_key_value("Account_Name").get_id()),
        "amount": f"{deal.get_key_value('Amount'):.0f}",
        "stage": plain(deal.get_key_value("Stage")),
        "created": plain(deal.get_key_value("Created_Time")),
        "modified": plain(deal.get_key_value("Modified_Time")),
    }
    for deal in deals
]
middle = sorted(deal["modified"] for deal in read["deals"])[len(deals) // 2]
since, _ = records("Deals", fields, since=middle, sort_by="id", sort_order="asc")
read["since"] = [middle, [str(deal.get_id()) for deal in since]]
later, _ = records("Deals", fields, since=middle + 86_400_000 * 30, sort_by="id", sort_order="asc")
read["later"] = len(later)

history = ["Potential_Name", "Stage", "Moved_To__s", "Modified_Time", "Amount"]
rows, read["pages_of_rows"] = records("DealHistory", history, sort_by="Modified_Time", sort_order="desc")
times = [plain(row.get_key_value("Modified_Time")) for row in rows]
assert times == sorted(times, reverse=True), "the newest row is the first"
read["rows"] = [row_of(row) for row in rows]

first = read["deals"][0]["id"]
operations = related_records.RelatedRecordsOperations("Stage_History", "Deals")
params = {related_records.GetRelatedRecordsParam.fields: ",".join(history)}
own, _ = pages(
    lambda asked, headers: operations.get_related_records(int(first), asked, headers), params, HeaderMap(),
    related_records.ResponseWrapper,
)
read["rows_of_first"] = [row_of(row, first) for row in own]

one = ParameterMap()
one.add(record.GetRecordParam.fields, ",".join(fields))
found = ok(record.RecordOperations("Deals").get_record(int(first), one, HeaderMap()), record.ResponseWrapper)
read["first"] = str(found.get_data()[0].get_id())

read["gone_leads"], read["gone_deals"] = gone("Leads"), gone("Deals")

everybody, _ = pages(
    users.UsersOperations().get_users, {users.GetUsersParam.type: "AllUsers"}, HeaderMap(), users.ResponseWrapper
)
read["people"] = [[str(user.get_id()), plain(user.get_status()) == "active"] for user in everybody]

campaigns, _ = records("Campaigns", ["Type", "Start_Date", "End_Date", "Actual_Cost", "Currency", "Modified_Time"])
read["campaigns"] = [
    [
        str(campaign.get_id()),
        f"{campaign.get_key_value('Actual_Cost'):.0f}",
        campaign.get_key_value("Start_Date").isoformat(),
        campaign.get_key_value("End_Date").isoformat(),
        plain(campaign.get_key_value("Type")),
    ]
    for campaign in campaigns
]

read["troubles"]["renewed"] = trouble(watch("update_notifications"), notifications.APIException)
opened = ok(watch("enable_notifications"), notifications.ActionWrapper).get_watch()[0]
assert isinstance(opened, notifications.SuccessResponse), type(opened)
read["opened"] = [opened.get_status().get_value(), opened.get_code().get_value()]
again = ok(watch("update_notifications"), notifications.ActionWrapper).get_watch()[0]
assert isinstance(again, notifications.SuccessResponse), type(again)

urllib.request.urlopen(f"{URL}/fail-next/TOO_MANY_REQUESTS").close()
answer = record.RecordOperations("Deals").get_records(one, HeaderMap())
read["troubles"]["waits"] = trouble(answer, record.APIException)

for part in ("rows", "rows_of_first", "people", "campaigns"):
    read[part].sort(key=lambda row: json.dumps(row, separators=(",", ":")))
print(json.dumps(read))
