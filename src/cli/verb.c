#include "cli/verb.h"

#include <stdio.h>
#include <string.h>

/* Alternatives are between bars; the first word of each counts when it is in small letters. */
bool verb_first_word(const Verb *verb, int nth, char word[VERB_WORD_BYTES])
{
    for (const char *at = verb->words; *at; at += strcspn(at, "|")) {
        at += strspn(at, "| \n");
        size_t length = strspn(at, "abcdefghijklmnopqrstuvwxyz");
        if (length > 0 && length < VERB_WORD_BYTES && nth-- == 0) {
            snprintf(word, VERB_WORD_BYTES, "%.*s", (int)length, at);
            return true;
        }
    }
    return false;
}
