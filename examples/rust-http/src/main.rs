//! Answers every request with the number of casks.

use serde_json::json;
use tiny_http::{Response, Server};

fn main() {
    let port = std::env::var("PORT").unwrap_or_else(|_| "8080".into());
    let server = Server::http(format!("0.0.0.0:{port}")).expect("the port is free");
    for request in server.incoming_requests() {
        let answer = Response::from_string(json!({ "casks": 3 }).to_string());
        if let Err(error) = request.respond(answer) {
            eprintln!("{error}");
        }
    }
}
