//! Threads that work beside the requests: one fires timers, numbers events and forgets what is old; another, which may have
//! to wait for a mail server, sends mail.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        mpsc::{RecvTimeoutError, Sender, TryRecvError, channel},
    },
    thread::{Builder, JoinHandle},
    time::Duration,
};

use crate::{
    forgetting,
    mailer::Mailer,
    problem::Problem,
    state::App,
    timers,
    usecases::{address_request, keys, platform},
};

/// How often a worker looks for something to do.
const TICK: Duration = Duration::from_millis(500);

/// Something to do again and again, in words for the log.
pub type Job<T> = (&'static str, fn(&T) -> Result<(), Problem>);

/// A thread that has something to do until it is stopped.
#[derive(Debug)]
pub struct Worker {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Does each of these twice a second, whatever becomes of the others.
    ///
    /// # Errors
    /// The system has no thread for it.
    pub fn start<T: Send + 'static>(name: &str, with: T, jobs: Vec<Job<T>>) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let run = move || {
            while stopped.recv_timeout(TICK) == Err(RecvTimeoutError::Timeout) {
                for (what, work) in &jobs {
                    if stopped.try_recv() == Err(TryRecvError::Disconnected) {
                        return;
                    }
                    attempt(what, || work(&with));
                }
            }
        };
        let thread = Builder::new().name(name.into()).spawn(run)?;
        Ok(Self { stop, thread })
    }

    /// Lets the piece of work in hand finish.
    pub fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the worker had panicked");
        }
    }
}

fn attempt(what: &str, work: impl FnOnce() -> Result<(), Problem>) {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => {}
        Ok(Err(problem)) => {
            tracing::warn!(%problem, "{what} failed, and will be tried again{}", problem.causes());
        }
        Err(_) => tracing::error!("{what} panicked, and will be tried again"),
    }
}

/// Everything but mail.
pub(crate) fn jobs() -> Vec<Job<Arc<App>>> {
    let first: [Job<Arc<App>>; 6] = [
        ("firing timers", timers::fire_due),
        ("numbering events", |app| platform::number_events(app)),
        ("answering what was asked about addresses", address_request::carry_out),
        ("following the signing keys", |app| keys::follow(app)),
        ("writing down uses", |app| app.uses.write_down(app)),
        ("forgetting idle callers", |app| {
            app.limits.forget_idle();
            Ok(())
        }),
    ];
    first.into_iter().chain(forgetting::OLD).collect()
}

/// Mail, which waits for another server.
pub(crate) fn mail() -> Vec<Job<(Mailer, Arc<App>)>> {
    vec![("sending mail", |(mailer, app)| Ok(mailer.send_due(app)?))]
}
