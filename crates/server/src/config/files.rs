use crate::uploads::Scanner;

/// Files that visitors send, where an app takes any.
#[derive(Debug, Clone, confique::Config)]
#[config(layer_attr(serde(deny_unknown_fields)))]
pub struct Files {
    /// A virus scanner that speaks clamd's protocol and looks at every file, such as `tcp://127.0.0.1:3310` or
    /// `unix:///run/clamav/clamd.ctl`. While it does not answer, no file is taken. Without it, none looks at them. Its `StreamMaxLength` has to
    /// be as large as the files that apps take.
    #[config(env = "CLAMD_ADDRESS", parse_env = str::parse::<Scanner>)]
    pub clamd_address: Option<Scanner>,
}
