//! Both platforms, as far as a program sees them, on blocking sockets.

mod message;

use std::{
    io::{BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Mutex,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::{Duration, Instant},
};

use message::Message;

/// What a call ended in.
#[derive(Debug)]
pub enum Outcome {
    Answer(String),
    Failure {
        error_type: String,
        error_message: String,
    },
    /// The payload does not deserialize; the reason.
    Unreadable(&'static str),
}

impl PartialEq for Outcome {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Answer(one), Self::Answer(other)) => one == other,
            (Self::Failure { error_message, .. }, Self::Unreadable(reason)) => {
                // The type's name has the name of the crate in it, which is the one thing that must differ.
                let context = "failed to deserialize the incoming data into the function's payload type: ";
                *error_message == format!("{context}{reason}\n")
            }
            (
                Self::Failure { error_type, error_message },
                Self::Failure { error_type: other_type, error_message: other_message },
            ) => error_type == other_type && error_message == other_message,
            _ => false,
        }
    }
}

fn outcome(succeeded: bool, body: Vec<u8>) -> Outcome {
    if succeeded {
        return Outcome::Answer(String::from_utf8(body).unwrap());
    }
    let diagnostic: serde_json::Value = serde_json::from_slice(&body).unwrap();
    let text = |key: &str| diagnostic[key].as_str().unwrap().to_owned();
    Outcome::Failure { error_type: text("errorType"), error_message: text("errorMessage") }
}

/// A program that runs.
pub struct Program {
    process: Child,
    platform: Platform,
}

enum Platform {
    FunctionCompute(TcpStream),
    Lambda { events: Sender<String>, outcomes: Receiver<Outcome> },
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Program {
    pub fn start(path: &str) -> Self {
        let mut command = Command::new(path);
        command.stdout(Stdio::piped());
        let start = |command: &mut Command| command.spawn().unwrap();
        if env!("CARGO_MANIFEST_DIR").ends_with("upstream") {
            let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
            command
                .env("AWS_LAMBDA_RUNTIME_API", listener.local_addr().unwrap().to_string())
                .env("AWS_LAMBDA_FUNCTION_NAME", "compat")
                .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128")
                .env("AWS_LAMBDA_FUNCTION_VERSION", "1");
            let process = start(&mut command);
            let (events, queue) = channel();
            let (tell, outcomes) = channel();
            let queue = Arc::new(Mutex::new(queue));
            thread::spawn(move || {
                for stream in listener.incoming() {
                    let (queue, tell) = (Arc::clone(&queue), tell.clone());
                    thread::spawn(move || runtime_api(stream.unwrap(), &queue, &tell));
                }
            });
            Self { process, platform: Platform::Lambda { events, outcomes } }
        } else {
            let port = TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port();
            let process = start(command.env("FC_SERVER_PORT", port.to_string()));
            Self { process, platform: Platform::FunctionCompute(connect(port)) }
        }
    }

    pub fn call(&mut self, event: &str) -> Outcome {
        match &mut self.platform {
            Platform::FunctionCompute(stream) => {
                let length = event.len();
                let head = format!(
                    "POST /invoke HTTP/1.1\r\nHost: fc\r\nx-fc-control-path: /invoke\r\nx-fc-request-id: 1-compat\r\n\
                     Content-Length: {length}\r\n\r\n"
                );
                stream.write_all(head.as_bytes()).unwrap();
                stream.write_all(event.as_bytes()).unwrap();
                let answer = Message::read(&mut BufReader::new(stream)).unwrap();
                outcome(answer.start.contains(" 200 "), answer.body)
            }
            Platform::Lambda { events, outcomes } => {
                events.send(event.to_owned()).unwrap();
                outcomes.recv_timeout(Duration::from_secs(30)).unwrap()
            }
        }
    }

    /// Ends the program, which must have survived all calls.
    pub fn end(&mut self) {
        assert!(self.process.try_wait().unwrap().is_none(), "the process goes on");
    }

    /// Asks the program to end; whether it did so with success, and all that it wrote.
    pub fn terminate(mut self) -> (bool, String) {
        // Closed first, as a platform does that is done with an instance.
        if let Platform::FunctionCompute(stream) = &self.platform {
            stream.shutdown(std::net::Shutdown::Both).unwrap();
        }
        let kill = Command::new("sh").arg("-c").arg(format!("kill -TERM {}", self.process.id())).status().unwrap();
        assert!(kill.success());
        let mut output = String::new();
        self.process.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        (self.process.wait().unwrap().success(), output)
    }
}

fn connect(port: u16) -> TcpStream {
    let begin = Instant::now();
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(_) if begin.elapsed() < Duration::from_secs(30) => thread::yield_now(),
            Err(error) => panic!("the program does not open its port: {error}"),
        }
    }
}

/// The Runtime API, and of the Extensions API what a graceful shutdown needs.
fn runtime_api(mut stream: TcpStream, events: &Mutex<Receiver<String>>, outcomes: &Sender<Outcome>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(request) = Message::read(&mut reader) {
        let path = request.start.split(' ').nth(1).unwrap().to_owned();
        let (headers, body) = if path.ends_with("/invocation/next") {
            // An error means that the test is over; until then, no event is an event to wait for.
            let Ok(event) = events.lock().unwrap().recv() else { return };
            ("lambda-runtime-aws-request-id: 1-compat\r\nlambda-runtime-deadline-ms: 4102444800000\r\n", event)
        } else if path.ends_with("/extension/register") {
            let function = r#"{"functionName":"compat","functionVersion":"1","handler":"bootstrap"}"#;
            ("lambda-extension-identifier: 1\r\n", function.to_owned())
        } else if path.ends_with("/extension/event/next") {
            // Its next event would be the shutdown, of which only the signal is played.
            thread::park();
            return;
        } else {
            let mut body = request.body;
            if request.headers.contains("lambda-runtime-function-response-mode: streaming") {
                let prelude = body.windows(8).position(|bytes| bytes == [0; 8]).unwrap();
                body.drain(..prelude + 8);
            }
            outcomes.send(outcome(path.ends_with("/response"), body)).unwrap();
            ("", r#"{"status":"OK"}"#.to_owned())
        };
        let answer = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len());
        if stream.write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}
