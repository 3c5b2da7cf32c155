//! The `azukari` program.

use std::process::ExitCode;

/// The system's own spends a tenth of a request's time looking for memory.
#[global_allocator]
static MEMORY: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[actix_web::main]
async fn main() -> ExitCode {
    api::cli::run().await
}
