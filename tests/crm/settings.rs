//! What Zoho says of its modules: their fields with their types, and their related lists.

use salespulse::connect::json::Json;

const LEADS: &[(&str, &str)] = &[
    ("Lead_Source", "picklist"),
    ("Owner", "ownerlookup"),
    ("Created_Time", "datetime"),
    ("Modified_Time", "datetime"),
    ("Converted__s", "boolean"),
    ("Converted_Deal", "lookup"),
];
const DEALS: &[(&str, &str)] = &[
    ("Stage", "picklist"),
    ("Amount", "currency"),
    ("Currency", "picklist"),
    ("Account_Name", "lookup"),
    ("Owner", "ownerlookup"),
    ("Created_Time", "datetime"),
    ("Modified_Time", "datetime"),
    ("Lead_Conversion_Time", "integer"),
];
const HISTORY: &[(&str, &str)] = &[
    ("Potential_Name", "lookup"),
    ("Stage", "picklist"),
    ("Moved_To__s", "picklist"),
    ("Modified_Time", "datetime"),
    ("Amount", "currency"),
];
const CAMPAIGNS: &[(&str, &str)] = &[
    ("Type", "picklist"),
    ("Start_Date", "date"),
    ("End_Date", "date"),
    ("Actual_Cost", "currency"),
    ("Currency", "picklist"),
    ("Modified_Time", "datetime"),
];

/// What is at this path of the settings; `None` if it is none of them.
pub(super) fn answer(path: &str, query: &str) -> Option<String> {
    let module = query.split('&').find_map(|part| part.strip_prefix("module="));
    let answer = match path {
        "settings/fields" => {
            let fields = match module? {
                "Leads" => LEADS,
                "Deals" => DEALS,
                "DealHistory" => HISTORY,
                "Campaigns" => CAMPAIGNS,
                _ => &[],
            };
            let field = |(place, (name, kind)): (usize, &(&str, &str))| {
                Json::object([
                    ("id", Json::text_of((6_756_839_000_000_700_000 + place).to_string())),
                    ("api_name", Json::text_of(*name)),
                    ("field_label", Json::text_of(*name)),
                    ("data_type", Json::text_of(*kind)),
                    ("system_mandatory", Json::Bool(false)),
                    ("custom_field", Json::Bool(false)),
                ])
            };
            Json::object([("fields", Json::Array(fields.iter().enumerate().map(field).collect()))])
        }
        "settings/related_lists" => {
            let module = Json::object([
                ("api_name", Json::text_of("DealHistory")),
                ("id", Json::text_of("6756839000000800001")),
            ]);
            let list = Json::object([
                ("id", Json::text_of("6756839000000800002")),
                ("api_name", Json::text_of("Stage_History")),
                ("name", Json::text_of("Stage History")),
                ("href", Json::text_of("Deals/{ENTITYID}/Stage_History")),
                ("module", module),
            ]);
            Json::object([("related_lists", Json::Array(vec![list]))])
        }
        _ => return None,
    };
    Some(String::from_utf8(answer.encode()).expect("text"))
}
