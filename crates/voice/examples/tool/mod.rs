//! What the tools that want models share.

use std::path::Path;

use kuzushi_voice::Engines;

/// The engines of the folder that is named first, and what is named after it. Says how it is called where nothing is.
pub fn engines_and_arguments(tool: &str, wants: &str) -> (Engines, Vec<String>) {
    let mut arguments = std::env::args().skip(1);
    let Some(models) = arguments.next() else {
        eprintln!("{tool}: wants the models' folder{wants}");
        std::process::exit(2);
    };
    (Engines::load(Path::new(&models)).expect("the models load"), arguments.collect())
}
