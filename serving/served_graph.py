"""Whether stock TensorFlow Serving can run a graph: no XLA-only function, no op that it lacks."""

from collections.abc import Iterator, Sequence
from operator import attrgetter
from pathlib import Path
from typing import Any, Final

from schemas.features import SERVING_DEFAULT
from serving.versions import SAVED_MODEL_FILE

XLA_ATTRIBUTE: Final = "_XlaMustCompile"
"""What `jit_compile=True` leaves on a function and on its calls."""

TEXT_OPS: Final = frozenset(
    {
        "CaseFoldUTF8",
        "ConstrainedSequence",
        "FastBertNormalize",
        "FastWordpieceTokenizeWithOffsets",
        "FindSourceOffsets",
        "MaxSpanningTree",
        "NormalizeUTF8",
        "NormalizeUTF8WithOffsetsMap",
        "PhraseTokenize",
        "RegexSplitWithOffsets",
        "RougeL",
        "SentenceFragments",
        "SentenceFragmentsV2",
        "SentencepieceDetokenizeOp",
        "SentencepieceIdToStringOp",
        "SentencepieceOp",
        "SentencepieceStringToIdOp",
        "SentencepieceTokenizeOp",
        "SentencepieceTokenizeWithOffsetsOp",
        "SentencepieceVocabSizeOp",
        "SplitMergeTokenizeWithOffsets",
        "TFText>BoiseTagsToOffsets",
        "TFText>ByteSplitByOffsets",
        "TFText>ByteSplitWithOffsets",
        "TFText>FastSentencepieceDetokenize",
        "TFText>FastSentencepieceTokenize",
        "TFText>FastWordpieceDetokenize",
        "TFText>NgramsStringJoin",
        "TFText>OffsetsToBoiseTags",
        "TFText>PhraseDetokenize",
        "TFText>WhitespaceTokenizeWithOffsetsV2",
        "TokenizerFromLogits",
        "UnicodeScriptTokenizeWithOffsets",
        "WhitespaceTokenizeWithOffsets",
        "WordpieceTokenizeWithOffsets",
    }
)
"""The ops of TF Text 2.12.1, which TensorFlow Serving links from 2.12 to 2.19 (its workspace.bzl).

Later ones, `TFText>RoundRobinTrim` first of all, load nowhere below TensorFlow Serving 2.20:
https://github.com/tensorflow/serving/issues/2267.
"""


def graph_problems(model_dir: Path) -> list[str]:
    """Returns why stock TensorFlow Serving could not run a SavedModel; empty where it can.

    Core ops are those of the TensorFlow that is installed here: an op that is newer than the
    server's own TensorFlow cannot be told.

    Args:
      model_dir: Folder of the SavedModel.

    Raises:
      OSError: If there is no `saved_model.pb`.
      google.protobuf.message.DecodeError: If it is no SavedModel.
    """
    import tensorflow as tf

    saved_model = _read(model_dir)
    functions = [
        function for graph in saved_model.meta_graphs for function in functions_of(graph.graph_def)
    ]
    known_ops = TEXT_OPS.union(dir(tf.raw_ops), (function.signature.name for function in functions))
    problems = {
        f"function {function.signature.name} is compiled with jit_compile=True, and TensorFlow "
        "Serving disables XLA; export it without"
        for function in functions
        if function.attr[XLA_ATTRIBUTE].b
    }
    problems |= {
        f"{owner} has the op {node.op}, which TensorFlow Serving does not link in"
        for owner, node in _nodes(saved_model)
        if node.op not in known_ops
    }
    return sorted(problems)


def text_inputs(model_dir: Path) -> list[str]:
    """Returns the names of the inputs of `serving_default` that are one text a row, sorted.

    Raises:
      OSError: If there is no `saved_model.pb`.
      google.protobuf.message.DecodeError: If it is no SavedModel.
    """
    import tensorflow as tf

    inputs = _read(model_dir).meta_graphs[0].signature_def[SERVING_DEFAULT].inputs
    return sorted(
        name
        for name, spec in inputs.items()
        if spec.dtype == tf.string.as_datatype_enum and len(spec.tensor_shape.dim) == 1
    )


def _read(model_dir: Path) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    return saved_model_pb2.SavedModel.FromString((model_dir / SAVED_MODEL_FILE).read_bytes())


def functions_of(graph_def: Any) -> Sequence[Any]:
    """Returns every FunctionDef of a GraphDef proto."""
    return attrgetter("library")(graph_def).function


def _nodes(saved_model: Any) -> Iterator[tuple[str, Any]]:
    """Yields every NodeDef of a SavedModel proto after the name of what holds it."""
    for meta_graph in saved_model.meta_graphs:
        for node in meta_graph.graph_def.node:
            yield "the graph", node
        for function in functions_of(meta_graph.graph_def):
            for node in function.node_def:
                yield f"function {function.signature.name}", node
