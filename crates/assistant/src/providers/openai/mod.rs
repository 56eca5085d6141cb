//! The chat completions protocol, which OpenAI, Azure, vLLM, Ollama and llama.cpp speak.

pub mod events;
mod request;

pub use request::ChatRequest;
