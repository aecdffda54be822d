//! Amazon's long names of things, read and written (`amazon-connect-chat.md` 0.2, 1.8).

use domain::id::{ContactId, FlowId, InstanceId, QueueId, UserId};

/// The part of an ARN behind its account; `None` if the text is no ARN of this service.
fn resource<'a>(text: &'a str, service: &str) -> Option<&'a str> {
    let mut parts = text.splitn(6, ':');
    let head = (parts.next()?, parts.next()?, parts.next()?);
    let (_region, _account) = (parts.next()?, parts.next()?);
    (head.0 == "arn" && head.1.starts_with("aws") && head.2 == service).then(|| parts.next())?
}

/// Reads an instance id, bare or as an ARN.
pub fn instance(text: &str) -> Option<InstanceId> {
    let id = resource(text, "connect").map_or(Some(text), |r| r.strip_prefix("instance/"))?;
    id.parse().ok()
}

/// Something within an instance: its own id, and the instance where the ARN names one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Within<'a> {
    /// The instance that was named.
    pub instance: Option<InstanceId>,
    /// The thing's own id.
    pub id: &'a str,
}

/// Reads the name of a thing of this kind (`queue`, `agent`, …), bare or as an ARN.
pub fn within<'a>(text: &'a str, kind: &str) -> Option<Within<'a>> {
    let Some(resource) = resource(text, "connect") else {
        return Some(Within { instance: None, id: text });
    };
    let (instance, rest) = resource.strip_prefix("instance/")?.split_once('/')?;
    let id = rest.strip_prefix(kind)?.strip_prefix('/')?;
    Some(Within { instance: Some(instance.parse().ok()?), id })
}

/// Reads a flow's name: bare or as an ARN, maybe with a version or an alias behind a colon.
pub fn flow(text: &str) -> Option<(Option<InstanceId>, FlowId)> {
    let Within { instance, id } = within(text, "contact-flow")?;
    let id = id.split_once(':').map_or(id, |(id, _version)| id);
    Some((instance, id.parse().ok()?))
}

/// Is it the form of a standard topic's ARN: `arn:aws:sns:<region>:<12 digits>:<name>`?
pub fn is_topic(text: &str) -> bool {
    let part = |at: usize| text.split(':').nth(at).unwrap_or_default();
    let name = part(5);
    text.split(':').count() == 6
        && resource(text, "sns").is_some()
        && !part(3).is_empty()
        && part(3).bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        && part(4).len() == 12
        && part(4).bytes().all(|b| b.is_ascii_digit())
        && (1..=256).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// Is it the form of a URL that copies could be sent to: `http(s)://host[:port][/…]`, without user or fragment?
pub fn is_url(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
        is_authority(authority)
            && has_port_or_none(authority)
            && text.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
    })
}

/// Is it the form of a host, maybe with a port?
pub fn is_authority(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._:[]".contains(&b);
    (1..=255).contains(&text.len()) && text.bytes().all(fits) && !text.starts_with(':')
}

/// Is what stands behind a host's colon, if there is one, a port? The colons of an IPv6 address lie in brackets.
fn has_port_or_none(authority: &str) -> bool {
    let behind = authority.rfind(']').map_or(authority, |end| &authority[end..]);
    behind.split_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// Writes ARNs of one instance.
#[derive(Debug, Clone)]
pub struct Arns {
    /// The region of the caller's signature.
    pub region: String,
    /// The account of the configuration.
    pub account: String,
    /// The instance.
    pub instance: InstanceId,
}

impl Arns {
    /// The instance's own.
    pub fn instance(&self) -> String {
        format!("arn:aws:connect:{}:{}:instance/{}", self.region, self.account, self.instance)
    }

    /// A contact's.
    pub fn contact(&self, id: ContactId) -> String {
        format!("{}/contact/{id}", self.instance())
    }

    /// A flow's.
    pub fn flow(&self, id: FlowId) -> String {
        format!("{}/contact-flow/{id}", self.instance())
    }

    /// A queue's.
    pub fn queue(&self, id: &QueueId) -> String {
        format!("{}/queue/{id}", self.instance())
    }

    /// A person's.
    pub fn user(&self, id: &UserId) -> String {
        format!("{}/agent/{id}", self.instance())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const I: &str = "5a9d0000-0000-4000-8000-000000000001";
    const F: &str = "5a9d0000-0000-4000-8000-000000003001";

    #[test]
    fn an_instance_is_read_bare_and_as_an_arn() {
        let id: InstanceId = I.parse().unwrap();
        assert_eq!(instance(I), Some(id));
        assert_eq!(instance(&I.to_uppercase()), Some(id));
        assert_eq!(
            instance(&format!("arn:aws:connect:eu-west-2:123456789012:instance/{I}")),
            Some(id)
        );
        for bad in [
            "",
            "x",
            "arn:aws:connect:r:a:instance/",
            "arn:aws:s3:r:a:instance/5a9d0000-0000-4000-8000-000000000001",
            "arn:aws:connect:r:a",
        ] {
            assert_eq!(instance(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_flow_may_carry_its_instance_and_its_version() {
        let (i, f) = (I.parse().unwrap(), F.parse().unwrap());
        let arn = format!("arn:aws:connect:r:a:instance/{I}/contact-flow/{F}");
        for tail in ["", ":$SAVED", ":$LATEST", ":7"] {
            assert_eq!(flow(&format!("{F}{tail}")), Some((None, f)));
            assert_eq!(flow(&format!("{arn}{tail}")), Some((Some(i), f)));
        }
        assert_eq!(flow("arn:aws:connect:r:a:instance/x/contact-flow/y"), None);
    }

    #[test]
    fn a_queue_is_read_by_number_and_by_arn() {
        let bare = Within { instance: None, id: "3001" };
        assert_eq!(within("3001", "queue"), Some(bare));
        let arn = format!("arn:aws:connect:r:a:instance/{I}/queue/3001");
        assert_eq!(within(&arn, "queue"), Some(Within { instance: I.parse().ok(), id: "3001" }));
        assert_eq!(within(&arn, "agent"), None);
    }

    #[test]
    fn targets_of_copies_are_topics_or_urls() {
        assert!(is_topic("arn:aws:sns:us-east-1:123456789012:chat-copies_1"));
        for bad in [
            "arn:aws:sns:us-east-1:123456789012:q.fifo",
            "arn:aws:sns::123456789012:q",
            "arn:aws:sns:r:12345:q",
            "arn:aws:sqs:r:123456789012:q",
            "arn:aws:sns:r:123456789012:",
            "arn:aws:sns:r:123456789012:a:b",
            "x",
        ] {
            assert!(!is_topic(bad), "{bad}");
        }
        assert!(is_url("https://h.test:8443/in?k=1"));
        assert!(is_url("http://127.0.0.1:9000"));
        assert!(is_url("http://[::1]:9000/in") && is_url("http://[::1]"));
        for bad in [
            "ftp://h",
            "http://",
            "http://u@h/",
            "http:///x",
            "https://h/a b",
            "https://h/#f",
            "http://h:99999/",
            "http://h:0",
            "http://h:port/",
            "http://[::1]:x/",
            "http://h:1:2/",
            "//h",
        ] {
            assert!(!is_url(bad), "{bad}");
        }
    }
}
