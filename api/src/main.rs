//! The `azukari` program.

use std::process::ExitCode;

/// The system's own spends a sixth of the time of a read looking for memory (decision 0032).
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    api::cli::run().await
}
