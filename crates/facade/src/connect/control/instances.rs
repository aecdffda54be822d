//! `ListInstances`, `GET /instance`: the one instance that a key belongs to (`amazon-connect-chat.md` 0.8).
//!
//! ```text
//! {"InstanceSummaryList":[{"Id":I,"Arn":"arn:…","IdentityManagementType":"CONNECT_MANAGED","InstanceAlias":"demo-sangdam-test",
//!   "CreatedTime":1763736000,"ServiceRole":"arn:…","InstanceStatus":"ACTIVE","InboundCallsEnabled":true,"OutboundCallsEnabled":true}]}
//! ```

use super::describe::moment;
use super::list::Paging;
use super::{Call, reply};
use crate::connect::error::ApiError;
use crate::door::{Cx, Step};
use serde_json::json;

pub(super) fn run(cx: &mut Cx<'_>, call: &Call) -> Result<Step, ApiError> {
    let paging = Paging::of(call, 10)?;
    let account = cx.site.settings().account.clone();
    let region = call.region.clone();
    Ok(call.ask_directory(move |cx, directory| {
        let instances = directory.realm.iter().map(|realm| {
            let arns = crate::connect::arn::Arns {
                region: region.clone(),
                account: account.clone(),
                instance: realm.instance,
            };
            let shown = json!({
                "Id": realm.instance.to_string(),
                "Arn": arns.instance(),
                "IdentityManagementType": "CONNECT_MANAGED",
                "InstanceAlias": alias(&realm.name),
                "CreatedTime": moment(Some(realm.created)),
                "ServiceRole": format!("arn:aws:iam::{account}:role/sangdam"),
                "InstanceStatus": "ACTIVE",
                "InboundCallsEnabled": true,
                "OutboundCallsEnabled": true,
            });
            (realm.instance.to_string(), shown)
        });
        let (page, next) = paging.cut(instances);
        reply(cx, json!({ "InstanceSummaryList": page, "NextToken": next }))
    }))
}

/// A realm's name as the models allow an alias to be: letters, digits and hyphens within, at most 45.
fn alias(name: &str) -> String {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).take(45).collect();
    plain.trim_matches('-').to_owned()
}
