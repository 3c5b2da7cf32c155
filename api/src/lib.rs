//! The HTTP face of Azukari, its command line and its timers.

pub mod auth;
pub mod body;
pub mod call;
pub mod cli;
pub mod clock;
pub mod config;
pub mod docs;
pub mod edge;
pub mod extract;
pub mod locale;
pub mod logs;
pub mod mailer;
pub mod money;
pub mod openapi;
pub mod page;
pub mod password;
pub mod problem;
pub mod reply;
pub mod routes;
pub mod secrets;
pub mod startup;
pub mod state;
pub mod timers;
pub mod usecases;
pub mod words;
