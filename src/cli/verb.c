#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

static const char LETTERS[] = "abcdefghijklmnopqrstuvwxyz";

/* In `words` alternatives are between bars; the first word of each counts when it is in small
 * letters. */
static const char *nth_alternative(const Verb *verb, int nth)
{
    for (const char *at = verb->words; *at; at += strcspn(at, "|")) {
        at += strspn(at, "| ");
        if (strspn(at, LETTERS) > 0 && nth-- == 0)
            return at;
    }
    return "";
}

bool verb_first_word(const Verb *verb, int nth, char word[VERB_WORD_BYTES])
{
    VerbWord detail = {.name = ""};
    if (verb->details)
        verb->details(nth, &detail);
    const char *at = verb->details ? detail.name : nth_alternative(verb, nth);
    size_t length = strspn(at, LETTERS);
    if (length == 0 || length >= VERB_WORD_BYTES)
        return false;
    snprintf(word, VERB_WORD_BYTES, "%.*s", (int)length, at);
    return true;
}
