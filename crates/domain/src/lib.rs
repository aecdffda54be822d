//! What a contact centre is, without a wire, a disk, a clock or a die.
//!
//! - [`directory`]: who and what there is; [`agent`]: what people are ready for; [`queue`]: who waits, and who is chosen.
//! - [`retention`]: how long things are kept.
//! - [`contact`]: one customer's matter; [`room`]: one conversation of it.
//! - [`scenario`]: what bots say, and where each choice leads.
//! - [`board`]: a day's figures of queues and agents, and what supervisors do.
//! - [`call`]: telephone calls, who is connected how; [`recording`]: what is kept of their sound; [`shift`]: an agent's client
//!   at work.
//! - [`audit`]: who changed what.
//! - [`centre`]: the one door into all of the above for one tenant: [`command`]s in, [`fact`]s and [`signal`]s out,
//!   or a [`refusal`]; [`query`]: what can be asked.
//! - [`report`]: what came and how it was served, by intervals; [`calendar`]: days as people write them.
//! - [`node`]: what a server does around a centre: nothing is shown before it is committed.
//! - [`chance`], [`time`], [`id`]: what is handed in.

pub mod agent;
pub mod audit;
pub mod board;
pub mod calendar;
pub mod call;
pub mod centre;
pub mod chance;
pub mod command;
pub mod contact;
pub mod directory;
pub mod fact;
pub mod id;
pub mod node;
mod pairs;
pub mod push;
pub mod query;
pub mod queue;
pub mod recording;
pub mod refusal;
pub mod report;
pub mod retention;
pub mod room;
pub mod scenario;
pub mod shift;
pub mod signal;
mod table;
pub mod time;
