"""Why a receipt proves nothing, in plain words: the verifier's sentences, sorted by what went wrong."""

from __future__ import annotations

import re

from web.shell.language import gettext as _
from web.shell.language import later

_WORDS: tuple[tuple[re.Pattern[str], str], ...] = (
    (
        re.compile(r"the notice is not"),
        later("The wording in the file is not the one that the person was shown: it was changed."),
    ),
    (
        re.compile(r"the content is not the one|content do not belong together"),
        later("The content in the file is not what was declared: it was changed, or taken out."),
    ),
    (
        re.compile(r"certificate|did not state that"),
        later("The file says that the content was erased, and the erasure that it names is not the one in the log."),
    ),
    (
        re.compile(r"signed by the log's key|signature|signed note|cosigned|no checkpoint of this log|public key"),
        later("Our log did not sign this: the receipt is of another log, or its signature was changed."),
    ),
    (
        re.compile(r"not in the log|the proof|another length than 32|another size"),
        later("The entry is not the one that the log signed: it was changed, or what links it to the signature was."),
    ),
    (
        re.compile(
            r"known format|grammar|another version|no object|no list|lacks a key|is missing|no Unicode|base64|"
            r"nested too deep|too large|not ASCII|at most \d+ bytes|no JSON|stands twice|not whole"
        ),
        later("This is no whole receipt: something in it is missing, superfluous or cannot be read."),
    ),
)
OTHER = later("What is in the file does not fit together.")


def reason_in_words(sentence: str) -> str:
    """Return the verifier's sentence as one of the page; the first kind that knows it speaks."""
    return _(next((words for known, words in _WORDS if known.search(sentence)), OTHER))
