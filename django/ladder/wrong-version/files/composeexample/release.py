"""Which release this is."""

from composeexample.environment import optional

RELEASE = {
    "version": "v1.1.0",
    "digest": optional("FAROL_DIGEST", ""),
    "commit": optional("FAROL_COMMIT", ""),
    "slot": optional("FAROL_SLOT", ""),
}
