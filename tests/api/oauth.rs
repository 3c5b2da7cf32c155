//! Partner apps: registering them, the page on which a member decides, their tokens, and cutting them.

mod app;
mod consent;
mod token;
