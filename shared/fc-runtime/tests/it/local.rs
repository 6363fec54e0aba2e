//! `run`'s way: a handler that borrows, is not `Send`, and stays on one task.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Poll},
};

use fc_runtime::{Error, LambdaEvent, Runtime, Service, layers::TracingLayer, service_fn, tower};
use tokio::{
    join,
    sync::{Notify, oneshot},
};

use crate::support::{Client, event, listen, options};

#[tokio::test]
async fn a_handler_may_borrow_and_need_not_be_send() {
    let (listener, mut client) = listen().await;
    let (stop, stopped) = oneshot::channel::<()>();
    let seen = RefCell::new(Vec::new());
    let shared = Rc::new(Cell::new(0));
    {
        let seen = &seen;
        let handler = service_fn(|event: LambdaEvent<String>| {
            let shared = Rc::clone(&shared);
            async move {
                tokio::task::yield_now().await;
                assert!(event.payload != "panic", "as asked");
                shared.set(shared.get() + 1);
                seen.borrow_mut().push(event.payload);
                Ok::<_, Error>(shared.get())
            }
        });
        let runtime = Runtime::new(handler).layer(TracingLayer::new());
        let (served, ()) =
            join!(runtime.serve_local(listener, options(), async { stopped.await.unwrap() }), async move {
                assert_eq!(client.event("1-a", "\"a\"").await.body, "1");
                let failed = client.event("1-b", "\"panic\"").await;
                assert_eq!(failed.status, 404);
                assert!(failed.body.contains("Lambda panicked: as asked"), "{}", failed.body);
                assert_eq!(client.event("1-c", "\"c\"").await.body, "2");
                stop.send(()).unwrap();
            });
        served.unwrap();
    }
    assert_eq!(*seen.borrow(), ["a", "c"]);
}

#[tokio::test]
async fn calls_come_one_after_the_other_and_hooks_beside_them() {
    let (listener, mut first) = listen().await;
    let mut second = Client::connect(&listener).await;
    let mut hook = Client::connect(&listener).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let (begun, go) = (Notify::new(), Notify::new());
    let running = Cell::new(0);
    let handler = service_fn(|event: LambdaEvent<bool>| {
        let (begun, go, running) = (&begun, &go, &running);
        async move {
            running.set(running.get() + 1);
            begun.notify_one();
            if event.payload {
                go.notified().await;
            }
            assert_eq!(running.get(), 1, "a handler may rely on not being entered twice");
            running.set(running.get() - 1);
            Ok::<_, Error>(event.context.request_id)
        }
    });
    let (served, ()) =
        join!(Runtime::new(handler).serve_local(listener, options(), async { stopped.await.unwrap() }), async {
            first.write(&event("1-first", "true")).await;
            begun.notified().await;
            second.write(&event("1-second", "false")).await;
            hook.write("GET /pre-stop HTTP/1.1\r\n\r\n").await;
            assert_eq!(hook.reply().await.status, 200);
            go.notify_one();
            assert_eq!(first.reply().await.body, "\"1-first\"");
            assert_eq!(second.reply().await.body, "\"1-second\"");
            stop.send(()).unwrap();
        });
    served.unwrap();
}

#[tokio::test]
async fn a_layer_that_is_not_ready_holds_calls_back_and_does_not_stall() {
    let (listener, mut first) = listen().await;
    let mut second = Client::connect(&listener).await;
    let (stop, stopped) = oneshot::channel::<()>();
    let running = Cell::new(0);
    /// Ready only while nothing runs.
    struct OneAtATime<'c, S> {
        inner: S,
        running: &'c Cell<u32>,
    }
    impl<R, S: Service<R>> Service<R> for OneAtATime<'_, S> {
        type Response = S::Response;
        type Error = S::Error;
        type Future = S::Future;
        fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
            if self.running.get() > 0 {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            self.inner.poll_ready(cx)
        }
        fn call(&mut self, request: R) -> S::Future {
            self.inner.call(request)
        }
    }
    let handler = service_fn(|event: LambdaEvent<u8>| {
        let running = &running;
        running.set(running.get() + 1);
        async move {
            for _ in 0..20 {
                tokio::task::yield_now().await;
                assert_eq!(running.get(), 1);
            }
            running.set(running.get() - 1);
            Ok::<_, Error>(event.payload)
        }
    });
    let runtime = Runtime::new(handler).layer(tower::layer::layer_fn(|inner| OneAtATime { inner, running: &running }));
    let (served, ()) = join!(runtime.serve_local(listener, options(), async { stopped.await.unwrap() }), async {
        let (one, two) = join!(first.event("1-a", "1"), second.event("1-b", "2"));
        assert_eq!((one.body.as_str(), two.body.as_str()), ("1", "2"));
        stop.send(()).unwrap();
    });
    served.unwrap();
}

#[tokio::test]
async fn a_service_that_is_no_longer_ready_ends_the_run() {
    struct Worn;
    impl Service<LambdaEvent<()>> for Worn {
        type Response = ();
        type Error = String;
        type Future = std::future::Ready<Result<(), String>>;
        fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), String>> {
            Poll::Ready(Err("worn out".into()))
        }
        fn call(&mut self, _: LambdaEvent<()>) -> Self::Future {
            std::future::ready(Ok(()))
        }
    }
    let (listener, mut client) = listen().await;
    client.write(&event("1-a", "")).await;
    let ended = Runtime::new(Worn).serve_local(listener, options(), std::future::pending()).await;
    assert!(ended.unwrap_err().to_string().contains("worn out"));
}
