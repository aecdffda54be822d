//! Where connections come in: HTTP, WebSocket, TLS. What is said over them is the façades' affair.

pub mod body;
pub mod door;
pub mod files;
pub mod form;
pub mod http;
pub mod nx;
pub mod pages;
pub mod probe;
pub mod rio;
pub mod serve;
pub mod standing;
pub mod tls;
pub mod wire;
pub mod ws;
