//! A network of eight bits a number, read with all the bits that its numbers have in between.
//!
//! Such a network rounds what one step hands to the next, for processors that multiply bytes. Where it is multiplied as it is,
//! rounding takes a fifth of the time and makes nothing more exact.

use std::collections::HashMap;

use rten_onnx::{
    onnx::{GraphProto, ModelProto},
    protobuf::{DecodeMessage, EncodeMessage, ValueReader, ValueWriter},
};

const TO_BYTES: &str = "QuantizeLinear";
const FROM_BYTES: &str = "DequantizeLinear";

/// The same network without the steps that only round. The weights stay what they are.
pub fn without_rounding(model: Vec<u8>) -> Result<Vec<u8>, String> {
    let mut model = ModelProto::decode(ValueReader::from_buf(model)).map_err(|error| error.to_string())?;
    go_around_rounding(model.graph.as_mut().ok_or("it is no network")?);
    let mut changed = Vec::new();
    model.encode(ValueWriter::new(&mut changed)).map_err(|error| error.to_string())?;
    Ok(changed)
}

/// Whoever takes what was made bytes and numbers again takes the numbers before that. Steps that nobody takes anything of are
/// not taken.
fn go_around_rounding(graph: &mut GraphProto) {
    let rounded = edges(graph, TO_BYTES);
    let back = edges(graph, FROM_BYTES).into_iter();
    let exact: HashMap<String, String> =
        back.filter_map(|(given, taken)| Some((given, rounded.get(&taken)?.clone()))).collect();
    for input in graph.node.iter_mut().flat_map(|node| node.input.iter_mut()) {
        // It may have been rounded before as well.
        while let Some(before) = exact.get(input) {
            input.clone_from(before);
        }
    }
}

/// What the steps of a kind take, by what they give.
fn edges(graph: &GraphProto, operator: &str) -> HashMap<String, String> {
    let steps = graph.node.iter().filter(|node| node.op_type.as_deref() == Some(operator));
    steps.filter_map(|node| Some((node.output.first()?.clone(), node.input.first()?.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use rten_onnx::onnx::NodeProto;

    use super::*;

    fn step(operator: &str, input: &[&str], output: &str) -> NodeProto {
        NodeProto {
            op_type: Some(operator.to_owned()),
            input: input.iter().map(|name| (*name).to_owned()).collect(),
            output: vec![output.to_owned()],
            ..NodeProto::default()
        }
    }

    #[test]
    fn what_is_rounded_on_the_way_is_taken_as_it_was_and_weights_stay_bytes() {
        let node = vec![
            step(TO_BYTES, &["sound", "scale"], "sound_bytes"),
            step(FROM_BYTES, &["sound_bytes", "scale"], "sound_again"),
            step(FROM_BYTES, &["weights_bytes", "scale"], "weights"),
            step("MatMul", &["sound_again", "weights"], "product"),
            step(TO_BYTES, &["product", "scale"], "product_bytes"),
            step(FROM_BYTES, &["product_bytes", "scale"], "product_again"),
            step(TO_BYTES, &["product_again", "scale"], "twice_bytes"),
            step(FROM_BYTES, &["twice_bytes", "scale"], "twice_again"),
            step("Sigmoid", &["twice_again"], "result"),
        ];
        let graph = GraphProto { node, ..GraphProto::default() };
        let model = ModelProto { graph: Some(graph), ..ModelProto::default() };
        let mut written = Vec::new();
        model.encode(ValueWriter::new(&mut written)).unwrap();

        let changed = without_rounding(written).unwrap();
        let changed = ModelProto::decode(ValueReader::from_buf(changed)).unwrap().graph.unwrap();
        let inputs = |operator: &str| {
            let node = changed.node.iter().find(|node| node.op_type.as_deref() == Some(operator));
            node.unwrap().input.clone()
        };
        assert_eq!(inputs("MatMul"), ["sound", "weights"]);
        assert_eq!(inputs("Sigmoid"), ["product"]);
    }

    #[test]
    fn what_is_no_network_is_told() {
        assert!(without_rounding(Vec::new()).is_err());
        assert!(without_rounding(b"a page that says the file is gone".to_vec()).is_err());
    }
}
