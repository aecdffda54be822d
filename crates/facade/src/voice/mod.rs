//! The switch: SIP telephones, trunks and browsers on one side, the domain's calls on the other.

pub mod plane;
