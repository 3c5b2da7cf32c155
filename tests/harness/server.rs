//! The real server, on a thread of this process.

use std::{
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
};

use actix_web::{dev::ServerHandle, rt::System};
use api::{
    startup::{self, StartError},
    state::App,
};

/// A server that runs until it is stopped.
pub struct Server {
    pub address: SocketAddr,
    handle: ServerHandle,
    thread: JoinHandle<Result<(), StartError>>,
}

impl Server {
    pub fn start(app: Arc<App>) -> Self {
        let bound = startup::bind(app).unwrap();
        let address = bound.address;
        let (started, running) = mpsc::channel();
        let serve = async move {
            let running = startup::start(bound)?;
            started.send(running.handle()).unwrap();
            running.finish().await
        };
        let thread = thread::spawn(move || System::new().block_on(serve));
        match running.recv() {
            Ok(handle) => Self { address, handle, thread },
            Err(_) => panic!("the server did not start: {:?}", thread.join()),
        }
    }

    /// Lets accepted requests finish, as on `SIGTERM`.
    pub fn stop(self) {
        System::new().block_on(self.handle.stop(true));
        let ended = self.thread.join();
        assert!(matches!(ended, Ok(Ok(()))) || thread::panicking(), "the server did not stop cleanly: {ended:?}");
    }
}
