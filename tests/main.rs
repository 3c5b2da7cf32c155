//! Behaviour of the whole, over HTTP and in the database, on both engines. One binary, so that it links once.

#[cfg(test)]
mod api;
#[cfg(test)]
mod browser;
#[cfg(test)]
mod chaos;
#[cfg(test)]
mod client;
#[cfg(test)]
mod examples;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod ratchets;
#[cfg(test)]
mod scale;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod start;
#[cfg(test)]
mod store;
#[cfg(test)]
mod units;
