"""Which release this is."""

from composeexample.environment import optional

# Given by the one who started the process, never by a file of the tree, which could be another release's.
RELEASE = {
    "version": optional("FAROL_VERSION", "v0.0.0-dev"),
    "digest": optional("FAROL_DIGEST", ""),
    "commit": optional("FAROL_COMMIT", ""),
    "slot": optional("FAROL_SLOT", ""),
}
