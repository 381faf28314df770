"""Names that columns of labelled data sets usually have."""

from collections.abc import Iterable

TEXT_NAMES = frozenset(
    (
        *("text", "texts", "sentence", "review", "comment", "message", "tweet", "utterance"),
        *("content", "body", "document", "doc", "description", "post", "question", "query"),
        *("abstract", "headline", "title", "phrase", "input", "email", "sms", "snippet"),
        *("passage", "article", "subject"),
    )
)
LABEL_NAMES = frozenset(("label", "labels", "class", "classes", "target", "gold", "y"))
"""Names of what is to be told, and of nothing else."""

CATEGORY_NAMES = frozenset(
    (
        *("category", "categories", "sentiment", "intent", "polarity", "rating", "stars"),
        *("topic", "tag", "output", "emotion", "spam", "toxic", "score", "department"),
        *("priority", "stance"),
    )
)
"""Names of what is often to be told, and as often a property of the text."""

OTHER_NAMES = frozenset(
    (
        *("id", "idx", "index", "uid", "uuid", "date", "time", "timestamp", "source", "author"),
        *("user", "lang", "language", "url", "name", "split"),
    )
)


def has_name(column: object, names: Iterable[str]) -> bool:
    """Returns whether a column has one of `names`, as a whole or as a word of its name.

    >>> has_name("Review-Text", TEXT_NAMES), has_name("is_spam", CATEGORY_NAMES), has_name(0, ["0"])
    (True, True, False)
    """
    if not isinstance(column, str):
        return False
    words = column.strip().lower().replace("-", " ").replace("_", " ").split()
    return not {*words, "".join(words)}.isdisjoint(names)
