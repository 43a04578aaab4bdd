//! `hanze kernels`: the kernels as files, which a browser's WebGPU is handed in CI.

use super::report::report;
use super::say;
use hanze_engine::Error;
use hanze_engine::models;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

/// Writes a file for each kernel, and `kernels.json` with their names.
pub fn kernels(folder: &Path) -> miette::Result<ExitCode> {
    let write = |name: &str, text: &str| {
        let file = folder.join(name);
        std::fs::write(&file, text).map_err(Error::io("writing", &file)).map_err(report)
    };
    std::fs::create_dir_all(folder).map_err(Error::io("making", folder)).map_err(report)?;
    let mut list = Vec::new();
    for entry in models::all() {
        let model = entry.section();
        for kernel in entry.kernels {
            let file = format!("{model}-{}.wgsl", kernel.name.replace(' ', "-"));
            write(&file, kernel.source)?;
            list.push(json!({
                "model": model, "name": kernel.name, "file": file, "overrides": without_default(kernel.source),
            }));
        }
    }
    write("kernels.json", &format!("{:#}\n", serde_json::Value::from(list.clone())))?;
    say(format_args!("{} kernels in {}", list.len(), folder.display()));
    Ok(ExitCode::SUCCESS)
}

/// Names of the overrides that the host must give a value.
fn without_default(source: &str) -> Vec<&str> {
    source.lines().filter_map(override_without_default).collect()
}

fn override_without_default(line: &str) -> Option<&str> {
    let code = line.split("//").next()?;
    let (_, declared) = code.split_once("override ")?;
    let (name, rest) = declared.split_once([':', ';'])?;
    (!rest.contains('=') && !name.contains('=')).then_some(name.trim())
}

#[cfg(test)]
mod tests {
    use super::without_default;

    #[test]
    fn overrides_without_a_value_are_found() {
        let source = "override STAGE: u32 = 0u;\n// override NEVER: u32;\n@id(3) override SIDE: u32; // cells\n\
                      override PLAIN = 2;\n  override bare ;\nfn main() {}";
        assert_eq!(without_default(source), ["SIDE", "bare"]);
    }
}
