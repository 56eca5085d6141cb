//! What the files are called that the engines look for in their folder.

pub const VOICE_ACTIVITY: &str = "voice-activity.onnx";
pub const END_OF_TURN: &str = "end-of-turn.onnx";
pub const SPEECH_ENCODER: &str = "speech-to-text-encoder.onnx";
pub const SPEECH_DECODER: &str = "speech-to-text-decoder.onnx";
pub const SPEECH_VOCABULARY: &str = "speech-to-text-vocabulary.json";
pub const VOICE: &str = "text-to-speech.onnx";
pub const VOICE_SETTINGS: &str = "text-to-speech.json";
