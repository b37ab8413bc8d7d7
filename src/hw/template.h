/* template.h: text templates of hdl_templates (*.tmpl), which travel inside the program.
 *
 *     {{key}}        is replaced by the key's value
 *     {{?key}}line   the line appears only when the key's value is not empty
 *
 * A key that nobody gave a value is a bug, and says so: ERR_INTERNAL.
 */
#ifndef HW_TEMPLATE_H
#define HW_TEMPLATE_H

#include "base/buffer.h"
#include "base/error.h"

typedef struct TemplateKey {
    const char *key;
    const char *value;
} TemplateKey;

/* Appends template `name` of the embedded library, filled in; `keys` ends with a key NULL. */
Status template_expand(const char *name, const TemplateKey *keys, Buffer *into) MUST_CHECK;

/* The same for a text; `name` is for messages. */
Status template_expand_text(const char *name, const char *text, const TemplateKey *keys,
                            Buffer *into) MUST_CHECK;

#endif
