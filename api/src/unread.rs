//! Chunked bodies that nobody reads to their end. The server would wait for the rest of one for ever, to use the connection
//! again, once its reader is gone; so we keep it until the answer is on its way, and the server closes the connection.

use std::{
    cell::RefCell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest, ServiceResponse},
    error::PayloadError,
    web::Bytes,
};
use futures_util::Stream;

/// What is left of a body.
struct Rest {
    payload: Payload,
    ended: bool,
}

/// A body that is read by somebody and kept by us.
#[derive(Clone)]
pub struct Unread(Rc<RefCell<Rest>>);

impl std::fmt::Debug for Unread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unread").finish_non_exhaustive()
    }
}

impl Unread {
    /// Lends the body of a request to whoever is going to read it; nothing if its length is known.
    pub fn of(request: &mut ServiceRequest) -> Option<Self> {
        request.chunked().is_ok_and(|chunked| chunked).then(|| {
            let kept = Self(Rc::new(RefCell::new(Rest { payload: request.take_payload(), ended: false })));
            let lent: Pin<Box<dyn Stream<Item = _>>> = Box::pin(kept.clone());
            request.set_payload(lent.into());
            kept
        })
    }

    /// Keeps what was not read until all of the answer is on its way.
    pub fn keep_with(self, response: ServiceResponse<BoxBody>) -> ServiceResponse<BoxBody> {
        if self.0.borrow().ended {
            return response;
        }
        response.map_body(|_, answer| BoxBody::new(Keeping { answer, _unread: self }))
    }
}

/// The body of an answer, and what was not read of that of its request.
struct Keeping {
    answer: BoxBody,
    _unread: Unread,
}

impl MessageBody for Keeping {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.answer.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.answer).poll_next(cx)
    }
}

impl Stream for Unread {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut rest = self.0.borrow_mut();
        let polled = Pin::new(&mut rest.payload).poll_next(cx);
        rest.ended |= matches!(polled, Poll::Ready(None));
        polled
    }
}
