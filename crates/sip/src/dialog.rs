//! Dialogs: what two ends remember of each other, and how a request inside of it is built and judged.
//!
//! ```text
//!          101-199 with a tag              2xx                BYE, 481, 408
//!  (none) ─────────────────▶ early ─────────────▶ confirmed ───────────────▶ gone
//!     └────────────────────── 2xx ───────────────────▲
//! ```
//!
//! Sources: RFC 3261 §12; §12.2.1.1 for strict routers; RFC 6026 leaves dialogs as they are.

use crate::message::{Address, Bad, CSeq, Method, Name, Request, Response, Uri};

/// One end's view of a dialog.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dialog {
    /// The Call-ID.
    pub call_id: Box<str>,
    /// This end, with its tag.
    pub local: Address,
    /// The other end, with its tag (an element of RFC 2543 may have none).
    pub remote: Address,
    /// Where the other end is reached now.
    pub target: Uri,
    /// The way there, nearest hop first.
    pub routes: Vec<Address>,
    /// The number of our latest request.
    pub local_seq: u32,
    /// The number of the other end's latest request.
    pub remote_seq: Option<u32>,
}

impl Dialog {
    /// The view of who was asked (RFC 3261 §12.1.1).
    ///
    /// # Errors
    ///
    /// From, To, `CSeq` or Record-Route cannot be read.
    pub fn of_request(request: &Request, tag: &str) -> Result<Self, Bad> {
        Ok(Self {
            call_id: request.call_id().into(),
            local: request.to()?.tagged(tag),
            remote: request.from()?,
            // An element of RFC 2543 may have no contact: it is reached where it says it is (torture test §3.4.1).
            target: match request.contact() {
                Some(contact) => contact.uri,
                None => request.from()?.uri,
            },
            routes: request.headers.list(&Name::RecordRoute)?,
            local_seq: 0,
            remote_seq: Some(request.cseq()?.number),
        })
    }

    /// The view of who asked (RFC 3261 §12.1.2).
    ///
    /// # Errors
    ///
    /// There is no tag, or From, To, `CSeq` or Record-Route cannot be read.
    pub fn of_response(request: &Request, response: &Response) -> Result<Self, Bad> {
        let remote = response.to()?;
        remote.tag().ok_or(Bad("there is no tag"))?;
        let mut routes: Vec<Address> = response.headers.list(&Name::RecordRoute)?;
        routes.reverse();
        Ok(Self {
            call_id: request.call_id().into(),
            local: request.from()?,
            remote,
            // A provisional response may lack one; the final one then brings it.
            target: response.contact().map_or_else(|| request.uri.clone(), |contact| contact.uri),
            routes,
            local_seq: request.cseq()?.number,
            remote_seq: None,
        })
    }

    /// This end's tag.
    pub fn local_tag(&self) -> &str {
        self.local.tag().unwrap_or_default()
    }

    /// The other end's tag; empty if it has none.
    pub fn remote_tag(&self) -> &str {
        self.remote.tag().unwrap_or_default()
    }

    /// Whether a request that names our tag is from the other end.
    pub fn is_from_peer(&self, request: &Request) -> bool {
        request.call_id() == &*self.call_id
            && request.to().is_ok_and(|to| to.tag().unwrap_or_default() == self.local_tag())
            && request.from().is_ok_and(|from| from.tag().unwrap_or_default() == self.remote_tag())
    }

    /// The next request of ours inside of the dialog.
    pub fn request(&mut self, method: Method) -> Request {
        self.local_seq = self.local_seq.wrapping_add(1);
        self.numbered(method, self.local_seq)
    }

    /// The ACK of an INVITE of ours that was accepted.
    pub fn ack(&self, number: u32) -> Request {
        self.numbered(Method::Ack, number)
    }

    fn numbered(&self, method: Method, number: u32) -> Request {
        let is_loose = |hop: &Address| hop.uri.as_sip().is_some_and(|uri| uri.params.has("lr"));
        let target = Address::new(self.target.clone());
        let (uri, routes) = match self.routes.split_first() {
            // A strict router wants to stand in the first line itself, and the target at the end of the list.
            Some((hop, others)) if !is_loose(hop) => {
                (hop.uri.clone(), others.iter().chain([&target]).cloned().collect())
            }
            _ => (self.target.clone(), self.routes.clone()),
        };
        let mut request = Request::new(method.clone(), uri);
        for hop in &routes {
            request.headers.push(Name::Route, hop);
        }
        request.headers.push(Name::From, &self.local);
        request.headers.push(Name::To, &self.remote);
        request.headers.push(Name::CallId, &self.call_id);
        request.headers.push(Name::CSeq, CSeq { number, method });
        request
    }

    /// Takes note of a request's number (RFC 3261 §12.2.2).
    ///
    /// # Errors
    ///
    /// It is older than one that was seen: the status to refuse it with, 500.
    pub fn take_number(&mut self, request: &Request) -> Result<(), u16> {
        let number = request.cseq().map_err(|_| 400_u16)?.number;
        // An ACK has its INVITE's number, a CANCEL too.
        if matches!(request.method, Method::Ack | Method::Cancel) {
            return Ok(());
        }
        if self.remote_seq.is_some_and(|seen| number <= seen) {
            return Err(500);
        }
        self.remote_seq = Some(number);
        Ok(())
    }

    /// The other end says where it is reached from now on: only INVITE, UPDATE and their answers do (RFC 3261 §12.2).
    pub fn refresh(&mut self, contact: Option<Address>) {
        if let Some(contact) = contact {
            self.target = contact.uri;
        }
    }

    /// The first hop of a request of ours.
    pub fn next_hop(&self) -> &Uri {
        self.routes.first().map_or(&self.target, |hop| &hop.uri)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::Message;

    fn invite(routes: &str) -> Request {
        let text = format!(
            "INVITE sip:b@h SIP/2.0\r\nVia: SIP/2.0/UDP a;branch=z9hG4bK1\r\n{routes}From: <sip:a@x>;tag=f\r\nTo: <sip:b@h>\r\n\
             Call-ID: c\r\nCSeq: 7 INVITE\r\nContact: <sip:a@192.0.2.1:5070>\r\n\r\n"
        );
        let Ok(Message::Request(request)) = Message::parse(text.as_bytes()) else { panic!() };
        request
    }

    const ROUTES: &str = "Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n";

    #[test]
    fn both_ends_see_one_dialog_from_two_sides() {
        let request = invite(ROUTES);
        let at_bob = Dialog::of_request(&request, "t").unwrap();
        let mut response = Response::to_request(&request, 200).tagged("t");
        response.headers.push(Name::Contact, "<sip:b@192.0.2.2>");
        let from_here = Dialog::of_response(&request, &response).unwrap();
        assert_eq!(
            (at_bob.local_tag(), at_bob.remote_tag()),
            (from_here.remote_tag(), from_here.local_tag())
        );
        let way =
            |dialog: &Dialog| dialog.routes.iter().map(|r| r.uri.to_string()).collect::<Vec<_>>();
        assert_eq!(way(&at_bob), ["sip:p2;lr", "sip:p1;lr"]);
        assert_eq!(way(&from_here), ["sip:p1;lr", "sip:p2;lr"]);
        assert!(from_here.clone().is_from_peer(&at_bob.clone().request(Method::Bye)));
        assert!(at_bob.is_from_peer(&from_here.clone().request(Method::Bye)));
    }

    #[test]
    fn a_strict_router_stands_in_the_first_line() {
        let mut dialog =
            Dialog::of_request(&invite("Record-Route: <sip:old>, <sip:p1;lr>\r\n"), "t").unwrap();
        let bye = dialog.request(Method::Bye);
        assert_eq!(bye.uri.to_string(), "sip:old");
        let routes: Vec<_> = bye.headers.all(&Name::Route).collect();
        assert_eq!(routes, ["<sip:p1;lr>", "<sip:a@192.0.2.1:5070>"]);
    }

    #[test]
    fn numbers_only_rise() {
        let mut dialog = Dialog::of_request(&invite(""), "t").unwrap();
        let mut request = invite("");
        for (number, verdict) in [(7, Err(500)), (9, Ok(())), (8, Err(500)), (10, Ok(()))] {
            request.headers.set(Name::CSeq, format!("{number} INVITE"));
            assert_eq!(dialog.take_number(&request), verdict, "{number}");
        }
    }
}
